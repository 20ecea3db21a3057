package cache

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func hashOf(key string) hash { return sha256.Sum256([]byte(key)) }

// segmentOf writes a segment of values.
func segmentOf(t testing.TB, values map[string]string) []byte {
	t.Helper()
	var items []item
	for _, key := range slices.Sorted(maps.Keys(values)) {
		items = append(items, newItem(hashOf(key), []byte(values[key])))
	}
	var out bytes.Buffer
	if err := writeSegment(&out, items); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// lookup reads a value from the bytes of a segment.
func lookup(data []byte, key string) (string, bool) {
	s, err := readSegment(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", false
	}
	rec, ok := s.find(hashOf(key))
	if !ok {
		return "", false
	}
	value, err := s.read(rec)
	return string(value), err == nil
}

// sample holds a value of every form.
func sample() map[string]string {
	return map[string]string{
		"empty": "", "tiny": "\x01\x01\x05", "fourteen": "12345678901234", "fifteen": "123456789012345",
		"packed": strings.Repeat("over and over ", 60), "plain": noise(200),
	}
}

// noise does not compress.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return string(out)
}

func TestSegmentsGiveBackWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.MapOf(rapid.String(), rapid.OneOf(
			rapid.StringN(0, 20, 40), rapid.Map(rapid.IntRange(0, 3000), func(n int) string { return strings.Repeat("ab", n) }),
			rapid.Map(rapid.IntRange(0, 500), noise))).Draw(t, "values")
		var items []item
		for key, value := range values {
			items = append(items, newItem(hashOf(key), []byte(value)))
		}
		var out bytes.Buffer
		if err := writeSegment(&out, items); err != nil {
			t.Fatal(err)
		}
		for key, want := range values {
			if got, ok := lookup(out.Bytes(), key); !ok || got != want {
				t.Fatalf("%q: got %q %t, want %q", key, got, ok, want)
			}
		}
		if _, ok := lookup(out.Bytes(), "no such key, it is too long for any"); ok {
			t.Fatal("found what nobody wrote")
		}
	})
}

func TestEveryKeyOfALargeSegmentIsFound(t *testing.T) {
	var items []item
	for i := range 20_000 {
		items = append(items, newItem(hashOf(fmt.Sprint(i)), fmt.Append(nil, i)))
	}
	// Keys that crowd in one place, as no hash makes them.
	for i := range 3000 {
		items = append(items, newItem(hash{7, 7, 7, 7, 7, byte(i), byte(i >> 8)}, []byte("crowd")))
	}
	var out bytes.Buffer
	if err := writeSegment(&out, items); err != nil {
		t.Fatal(err)
	}
	s, err := readSegment(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.len() {
		if rec, ok := s.find(s.record(i).key()); !ok || rec != s.record(i) {
			t.Fatalf("record %d of %d is not found", i, s.len())
		}
		missing := s.record(i).key()
		missing[31] ^= 1
		if _, ok := s.find(missing); ok {
			t.Fatalf("found a key that is not there beside record %d", i)
		}
	}
}

func TestAnyDamagedByteIsAMissOrHarmless(t *testing.T) {
	values := sample()
	good := segmentOf(t, values)
	for i := range good {
		for _, flip := range []byte{1, 0x80, 0xff, good[i]} {
			bad := bytes.Clone(good)
			bad[i] ^= flip
			for key, want := range values {
				if got, ok := lookup(bad, key); ok && got != want {
					t.Fatalf("byte %d ^ %#x: %q gives %q", i, flip, key, got)
				}
			}
		}
	}
	for n := range good {
		for key := range values {
			if got, ok := lookup(good[:n], key); ok {
				t.Fatalf("cut at %d: %q gives %q", n, key, got)
			}
		}
	}
	if _, ok := lookup(append(bytes.Clone(good), 0), "tiny"); ok {
		t.Error("a byte too many is not seen")
	}
}

func TestAValueInAnothersPlaceIsNone(t *testing.T) {
	a, b := newItem(hashOf("a"), []byte(noise(64))), newItem(hashOf("b"), []byte(strings.ToUpper(noise(64))))
	if _, err := a.record.value(b.stored); !isDamage(err) {
		t.Errorf("b's value under a's key: %v", err)
	}
	other := a.record
	copy(other[:keyEnd], b.record[:keyEnd])
	if _, err := other.value(a.stored); !isDamage(err) {
		t.Errorf("a's value under b's key: %v", err)
	}
}

func FuzzReadSegment(f *testing.F) {
	good := segmentOf(f, sample())
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(segmentOf(f, nil))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		// As it is, and with sums that fit: hostile, not broken.
		for _, data := range [][]byte{data, forge(data)} {
			s, err := readSegment(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				continue
			}
			for i := range s.len() {
				rec := s.record(i)
				if value, err := s.read(rec); err == nil && len(value) > maxValue {
					t.Fatalf("a value of %d bytes", len(value))
				}
				s.find(rec.key())
			}
		}
	})
}

// forge makes a segment of anything: records with sums that fit.
func forge(data []byte) []byte {
	n := min(len(data)/recordSize, 4)
	values, index := bytes.Clone(data[n*recordSize:]), bytes.Clone(data[:n*recordSize])
	for i := range n {
		rec := (*record)(index[i*recordSize:])
		if from := rec.offset(); from >= 0 && from+rec.length() <= int64(len(values)) {
			sum := rec.sum(values[from : from+rec.length()])
			copy(rec[sumStart:], sum[:])
			rec.place(uint32(from)+uint32(len(magic)), int(rec.length()))
		}
	}
	return assemble(values, index)
}

// assemble puts a trailer that fits behind values and records.
func assemble(values, index []byte) []byte {
	out := append([]byte(magic), values...)
	trailer := make([]byte, 16)
	trailer[0], trailer[1], trailer[2] = byte(len(out)), byte(len(out)>>8), byte(len(out)>>16)
	trailer[8] = byte(len(index) / recordSize)
	sum := indexSum(index, trailer)
	return slices.Concat(out, index, trailer, sum[:], []byte(magic))
}
