package policy

import (
	_ "embed"
	"sync"
)

//go:embed default.yaml
var defaultText string

// Default is the built-in default. Its lists are shared: they are not to be
// changed.
func Default() *Policy {
	p := *loadedDefault()
	return &p
}

var loadedDefault = sync.OnceValue(func() *Policy {
	p, err := load(BuiltIn, []byte(defaultText), nil)
	if err != nil {
		panic("the built-in policy: " + err.Error()) // a fault of this program, which a test finds
	}
	p.builtIn = true
	return p
})
