package scan

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"math"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/filecap"
)

func indexed() []*Entry {
	return []*Entry{
		{},
		{
			Path: "etc/ünïcode", Kind: Hardlink, Mode: fs.ModeSetuid | 0o755, UID: 1000, GID: -1, Size: math.MaxInt64, Link: "usr/bin/x",
			ModTime: time.Date(1969, 12, 31, 23, 59, 59, 5, time.UTC), Commit: "12ab", Line: 7, Digest: "sha256:00", Named: true, Unchanged: true,
			Capabilities: &filecap.Set{Permitted: math.MaxUint64, Inheritable: filecap.Chown, Effective: true, RootID: math.MaxUint32},
		},
		{Path: "capabilities without a time", Capabilities: &filecap.Set{Permitted: filecap.NetRaw}},
		{Path: "a\x00b\n", Kind: Opaque, Mode: fs.ModeDir | 0o777, Size: -1, ModTime: time.Unix(1<<40, 999_999_999).UTC()},
	}
}

func TestIndexIsReadAsItWasWritten(t *testing.T) {
	for _, entries := range [][]*Entry{{}, indexed()} {
		data := encodeIndex(entries)
		got, err := decodeIndex(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(entries, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for n := range data {
			if got, err := decodeIndex(data[:n]); err == nil {
				t.Fatalf("cut after %d bytes it has %d entries", n, len(got))
			}
		}
		if _, err := decodeIndex(append(bytes.Clone(data), 0)); err == nil {
			t.Error("what stands behind it is passed over")
		}
	}
}

func TestIndexOfNonsense(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing":            {},
		"more than there is": {0xff, 0xff, 0xff, 0xff, 0x0f},
		"too many bits":      bytes.Repeat([]byte{0xff}, 20),
		"an unknown kind":    {1, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"an unknown flag":    {1, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"a user of 33 bits":  append(append([]byte{1, 8, 0, 0, 0, 0, 0, 0, 0, 0}, 0x80, 0x80, 0x80, 0x80, 0x20), 0, 0, 0, 0),
		"a text too long":    {1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0},
	} {
		if got, err := decodeIndex(data); err == nil {
			t.Errorf("%s: %d entries", name, len(got))
		}
	}
}

// TestIndexTakesMemoryForWhatThereIs holds that an index that only says that it has a
// million entries takes no memory for them.
func TestIndexTakesMemoryForWhatThereIs(t *testing.T) {
	const said = 1 << 20
	data := binary.AppendUvarint(nil, said)
	data = append(data, bytes.Repeat([]byte{0xff}, said*minEntry)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := decodeIndex(data)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Error("no error")
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 2*uint64(len(data)) {
		t.Errorf("%d bytes take %d of memory, want at most twice as many", len(data), took)
	}
}

// TestLongIndex holds that entries of more than one piece of memory are as they were.
func TestLongIndex(t *testing.T) {
	var entries []*Entry
	for i := range 2*entriesAtOnce + 1 {
		entries = append(entries, &Entry{Path: strconv.Itoa(i), Size: int64(i)})
	}
	got, err := decodeIndex(encodeIndex(entries))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(entries, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzIndex wants what is read to be written and read as the same.
func FuzzIndex(f *testing.F) {
	f.Add(encodeIndex(indexed()))
	f.Add([]byte{1, 4, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0})
	f.Add([]byte{1, 8, 0, 0, 0, 0, 0, 0, 9, 0, 5, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := decodeIndex(data)
		if err != nil {
			return
		}
		again, err := decodeIndex(encodeIndex(entries))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(entries, again); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}
