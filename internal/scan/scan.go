// Package scan is the contract between sources, which know how to reach what is
// scanned, and scanners, which know what to look for. A source offers entries
// (files of a tree, of an image's layers, hunks of a commit range) in units; the
// runner reads each entry once, whoever wants it, and hands it to the passes of
// all scanners, concurrently and in any order. What a pass makes of an entry is a
// part; when every unit is through, each pass turns its parts into findings once,
// knowing the final view.
//
//	source --units--> walk --entries--> Wants, File --parts--> Finish --> Result
//	                                    (any order, concurrent)  (once, with the View)
package scan

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/filecap"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
)

// Kind is what sort of thing a target is.
type Kind string

// The kinds of target.
const (
	KindTree    Kind = "tree"    // a directory or a single file
	KindImage   Kind = "image"   // a container image: units are its layers, oldest first
	KindHistory Kind = "history" // a range of commits
	KindSBOM    Kind = "sbom"    // an inventory made elsewhere
	KindRootFS  Kind = "rootfs"  // an unpacked root file system: seen as an image's final view
)

// HasView says whether a container could be started from what the target holds: its
// view can be asked for more than single entries.
func (k Kind) HasView() bool { return k == KindImage || k == KindRootFS }

// Target is what is scanned, as far as it is known before its entries are.
type Target struct {
	Kind Kind
	// Name is how reports name it, in the notation of the command line:
	// "dir:.", "docker-archive:app.tar".
	Name string
	// Digest identifies its content where that is known: an image manifest's
	// digest, a commit.
	Digest string
	// Image is set for images.
	Image *Image
	// Listed is set for inventories that were made elsewhere.
	Listed *Listed
}

// Image is what an image says of itself. All of it comes from the image and is
// not to be trusted.
type Image struct {
	// Name is the image's name without tag and digest; it identifies findings.
	Name string
	// Reference is the name as it was typed or found.
	Reference string
	// Platform is "os/architecture[/variant]".
	Platform string
	// Config is the image configuration
	// (https://github.com/opencontainers/image-spec/blob/main/config.md); never nil.
	Config *v1.ConfigFile
	// Layers are oldest first; layer i is unit i of the source. An image without
	// layers may still have a unit that tells what was left out.
	Layers []Layer
}

// Layer is one layer of an image.
type Layer struct {
	Digest    string // of the blob as stored
	DiffID    string // of the unpacked tar, as the image says: see Confirmer
	MediaType string
	Size      int64 // of the blob, bytes
	// Instruction is what built it, from the image's history; empty where the
	// history does not say. History is its index there, -1 if it has none.
	Instruction string
	History     int
}

// A Source reaches a target. Its units can be walked concurrently.
type Source interface {
	Target() Target
	// Units are in order, oldest first.
	Units() []Unit
	// Close is called once, after every walk has returned.
	Close() error
}

// Confirmer is a Source of an image that can tell whether a layer, by its index, unpacks
// to what its DiffID says: nil if it does. Walking tells that only of layers whose Digest
// is their DiffID.
type Confirmer interface {
	Confirm(ctx context.Context, layer int) error
}

// Unit is a part of a target that is walked by itself.
type Unit struct {
	// Name is what messages call it: "layer sha256:12ab…", "work tree".
	Name string
	// Digest is the content address of everything that Walk yields; empty where
	// there is none. Units of equal digest are walked once, and what was made of
	// them can be cached.
	Digest string
	// Sequential says that an entry's content can only be read before Entry
	// returns, as in a tar stream. Otherwise it can be opened at any time until
	// the source is closed, also concurrently.
	Sequential bool
	// Walk yields every entry once, in an order that depends on nothing but the
	// content. An error says that the rest could not be reached.
	Walk func(ctx context.Context, v Visitor) error
}

// Visitor takes what a walk finds. It may be called by one goroutine at a time.
type Visitor interface {
	// Entry takes an entry. open gives its content; it is called at most once, for
	// regular files, and outside sequential units for symbolic links: of those it
	// gives the file that they lead to inside the target, whose size the entry
	// tells, and an error where there is none. The walk stops at an error.
	Entry(e Entry, open func() (io.ReadCloser, error)) error
	// Skipped counts what the source leaves out by its nature or by the user's
	// wish: a file that git ignores, a submodule. The reason is a constant.
	Skipped(path, reason string)
	// Failed takes what could not be looked at. It goes to every scanner.
	Failed(path string, err error)
}

// Chooser is a Visitor that knows which files are left out for their path alone: of
// such a file no pass wants the content. A source that finds contents dear offers it
// without.
type Chooser interface {
	Leaves(path string) bool
}

// Picky is a Pass that leaves files of a history out for their path alone: it wants
// none of them in another mode than NoRead.
type Picky interface {
	LeavesOut(path string) bool
}

// EntryKind is the kind of a directory entry.
type EntryKind uint8

// The kinds of entry. Whiteout and Opaque come from image layers: the first
// deletes Path in lower layers, the second everything below the directory Path.
const (
	File EntryKind = iota
	Dir
	Symlink
	Hardlink // Link names the entry that holds the content, in this layer or a lower one
	Device   // character or block device, fifo, socket
	Whiteout
	Opaque
)

// Entry is one directory entry of a unit.
type Entry struct {
	// Path is clean, with slashes and without a leading one; "" is the root. In
	// a tree it is relative to the repository root, or to the target where there
	// is no repository; in an image to its root directory.
	Path string    `json:"p"`
	Kind EntryKind `json:"k,omitempty"`
	// Mode holds permission, setuid, setgid and sticky bits.
	Mode     fs.FileMode `json:"m,omitempty"`
	UID, GID int         `json:",omitzero"`
	Size     int64       `json:"s,omitempty"`
	// Link is a symlink's target as it is written, a hard link's as a clean path.
	Link    string    `json:"l,omitempty"`
	ModTime time.Time `json:"t,omitzero"`
	// Capabilities are the file's, nil where it has none, as most. They are shared.
	Capabilities *filecap.Set `json:"x,omitempty"`
	// Commit is the commit that a hunk belongs to, Line the line of the file at
	// which its content begins, 0 where the content is the whole file.
	Commit string `json:"c,omitempty"`
	Line   int    `json:"n,omitempty"`
	// Digest is the content address of the entry's content where the source knows
	// it without reading: with it, a part is cached for the entry alone.
	Digest string `json:"d,omitempty"`
	// Named says that the user named this very file.
	Named bool `json:"u,omitempty"`
	// Unchanged says that the change under test leaves the file as it was. A
	// scanner that looks at changes alone may leave it out.
	Unchanged bool `json:"o,omitempty"`
}

// A Scanner looks for one kind of thing in targets of any kind.
type Scanner interface {
	// Name is the scanner's name, a constant of package finding.
	Name() string
	// CacheKey changes whenever the same entry could give another part: engine,
	// rules, database. Empty means that parts are never cached.
	CacheKey() string
	// Begin starts a pass over one target. A nil pass with a nil error says that
	// the scanner has no business with such targets. An error is a failed scan.
	Begin(ctx context.Context, t Target) (Pass, error)
}

// A Pass is one scanner's work on one target. Wants and File are called
// concurrently and in any order; Finish once, after all of them.
type Pass interface {
	// Wants says how the pass wants to read an entry. head gives up to the first
	// n bytes of a regular file (n at most HeadSize, fewer where the file is
	// shorter or unreadable); asking costs a read, so look at the name first.
	Wants(e *Entry, head func(n int) []byte) Want
	// File looks at one entry that was wanted. The part depends on nothing but
	// the entry's path, mode, capabilities, size and content: never on the unit, on other
	// entries or on the order. It never holds a secret in clear text. Entry and
	// content are shared and read-only, the content is valid until File returns.
	File(ctx context.Context, e *Entry, c *Content) (Part, error)
	// Finish turns parts into a result. parts are in the order of units and
	// entries, whatever the order of reading; those that gave neither part nor
	// error are left out. ctx may be done already: what was found is told still.
	Finish(ctx context.Context, v *View, parts []Ref) Result
}

// Keyed is a Pass whose parts depend on more than its scanner does, as on rules
// that the target brings: its key stands in place of the scanner's.
type Keyed interface {
	CacheKey() string
}

// Textual is a Pass that knows which texts from what is scanned stand in its parts.
// Before a part is kept they are looked at for secrets, one by one; of other passes the
// whole part is, in which a name beside a version can read like a key and its value.
type Textual interface {
	Texts(p Part) iter.Seq[string]
}

// Part is what a pass made of one entry, encoded by the pass.
type Part []byte

// At is the place of an entry: the index of its unit in the source and its own
// index in the unit, in the order of the walk.
type At struct {
	Unit, Index int
}

// Ref is an entry with what became of it.
type Ref struct {
	At
	// Entry is what was offered. Where the walk itself failed, it holds the path
	// only, and Index is -1.
	Entry *Entry
	Part  Part
	// Err says why there is no part, or only half of one.
	Err error
}

// HeadSize is the most that head gives, in bytes.
const HeadSize = 4096

// Mode is how an entry is read.
type Mode uint8

// The modes. None is the zero value.
const (
	None   Mode = iota
	Whole       // in memory
	Stream      // once, from front to back
	NoRead      // not at all; File is called with empty content
	Head        // the first HeadSize bytes, whatever the size; not counted as read
)

// reads says whether the whole content is read.
func (m Mode) reads() bool { return m == Whole || m == Stream }

// Want is a wish to read an entry of at most Max bytes; Max 0 sets no limit of
// its own. A larger entry is an ErrTooLarge for the pass that wanted it, never a
// silent skip.
type Want struct {
	Mode Mode
	Max  int64
}

// ErrTooLarge says that an entry is larger than a scanner reads.
var ErrTooLarge = errors.New("file too large")

// MaxErrors is how many errors a result names; the reason tells how many there are.
const MaxErrors = 100

// Result is how one scanner ended on one target.
type Result struct {
	Scanner string
	Target  Target
	// Status: Finish may leave it empty; then it is ok where an entry was
	// wanted, else nothing. Failures of the source make it worse.
	Status finding.Status
	// Reason says why it is not ok. One line.
	Reason string
	// Files and Bytes count the entries that were read for this scanner.
	Files int64
	Bytes int64
	// Skipped counts what the source left out, by reason.
	Skipped map[string]int64
	// Excused are entries whose errors do not matter, because a later layer hides
	// them. Every other error makes the status at least partial; the runner sees to
	// that, and names it in Reason and Errors.
	Excused map[At]bool
	// Errors name what could not be looked at, "path: why", at most MaxErrors.
	Errors []string
	// RulesAssessed is how many rules were applied.
	RulesAssessed int
	// Notes are lines worth knowing that change no status.
	Notes    []string
	Findings []finding.Finding
	Packages []inventory.Package
	Duration time.Duration
}
