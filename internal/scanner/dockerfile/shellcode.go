package dockerfile

// shellCode gives the script of an instruction, that of a trigger as well; nil where
// there is none.
func (i *instruction) shellCode() *script {
	if i.trigger != nil {
		return i.trigger.script
	}
	return i.script
}
