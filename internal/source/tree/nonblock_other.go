//go:build !unix

package tree

import "os"

const readFlags = os.O_RDONLY
