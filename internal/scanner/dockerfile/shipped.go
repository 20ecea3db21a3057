package dockerfile

// shipped says whether what a stage leaves behind ends up in an image: that of the
// final stage, and of those that others build on. Of all others only what is
// copied does.
func (st *stage) shipped(f *file) bool { return st == f.final() || st.children > 0 }
