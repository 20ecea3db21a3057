package yamlpos

// Shape is what a reader takes: found out by letting it read nothing, so that what is
// said of a file's form cannot differ from what reads it.
type Shape struct {
	// Fields are the keys of a mapping, in the reader's order; nil for no mapping.
	Fields []ShapeField
	// Items is what a list holds; nil for no list. Single says that one of them may
	// stand by itself as well.
	Items  *Shape
	Single bool
	// Text, Truth, Number, Date and Any say that a scalar of that kind is taken; Any
	// is one that the reader looks at by itself.
	Text, Truth, Number, Date, Any bool
	// Words are the texts that are taken; nil for any.
	Words []string
}

// ShapeField is a key of a mapping.
type ShapeField struct {
	Name     string
	Required bool
	Shape    *Shape
}

// Describe finds out what a reader takes. Keys that are not read yet, or belong in
// another place, are left out.
func Describe(read func(Value)) *Shape {
	s := new(Shape)
	read(Value{shape: s})
	return s
}

// Suggest says which texts are meant where a reader tells them apart by itself. It
// checks nothing.
func (v Value) Suggest(words ...string) {
	if v.shape != nil {
		v.shape.Words = words
	}
}

func (s *Shape) fields(fields []Field) {
	if s.Fields == nil {
		s.Fields = []ShapeField{}
	}
	for _, f := range fields {
		if f.kind != optional && f.kind != required {
			continue
		}
		child := new(Shape)
		s.Fields = append(s.Fields, ShapeField{f.name, f.kind == required, child})
		f.read(Value{shape: child})
	}
}

// item is the one value that a list has when it is described.
func (s *Shape) item(single bool) []Value {
	if s.Items == nil {
		s.Items = new(Shape)
	}
	s.Single = s.Single || single
	return []Value{{shape: s.Items}}
}
