package imageconfig

import (
	"debug/elf"
	"testing"

	"github.com/boltseal/boltseal/internal/scan"
)

func FuzzParseSudoers(f *testing.F) {
	f.Add([]byte("app ALL=(ALL) NOPASSWD: ALL\n%wheel ALL=(ALL) \\\n NOPASSWD:ALL\n"))
	f.Add([]byte("#1 NOPASSWD:x\\\n\\\n\\"))
	f.Add([]byte("Defaults !authenticate\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		grants, err := parseSudoers(data)
		if err != nil {
			return
		}
		last := 0
		for _, g := range grants {
			if g.Who == "" || g.Line <= last {
				t.Errorf("%+v after line %d", g, last)
			}
			last = g.Line
		}
	})
}

func FuzzProgramPart(f *testing.F) {
	f.Add([]byte(elf.ELFMAG + "\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\xb7\x00"))
	f.Add([]byte(elf.ELFMAG + "\x02\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x16"))
	f.Fuzz(func(t *testing.T, data []byte) {
		part := programPart(data)
		if part == nil {
			return
		}
		if m, ok := programMachine(part); !ok {
			t.Errorf("part %q of a program of machine %d", part, m)
		}
	})
}

func TestProgramMachine(t *testing.T) {
	for name, tt := range map[string]struct {
		head string
		want elf.Machine
	}{
		"little":     {elf.ELFMAG + "\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\xb7\x00", elf.EM_AARCH64},
		"big":        {elf.ELFMAG + "\x02\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x16", elf.EM_S390},
		"an object":  {elf.ELFMAG + "\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\xb7\x00", elf.EM_NONE},
		"no order":   {elf.ELFMAG + "\x02\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\xb7\x00", elf.EM_NONE},
		"cut off":    {elf.ELFMAG + "\x02\x01\x01\x00\x00\x00", elf.EM_NONE},
		"a script":   {"#!/bin/sh\n# and more than twenty bytes", elf.EM_NONE},
		"no content": {"", elf.EM_NONE},
	} {
		t.Run(name, func(t *testing.T) {
			if m, ok := programMachine(programPart([]byte(tt.head))); m != tt.want || ok != (tt.want != elf.EM_NONE) {
				t.Errorf("machine %s, %t", m, ok)
			}
		})
	}
	if _, ok := programMachine(scan.Part{'n'}); ok {
		t.Error("a note is no program")
	}
}

func TestReferences(t *testing.T) {
	for ref, want := range map[string]struct{ host, tag string }{
		"app":                            {"", "latest"},
		"app:1":                          {"", "1"},
		"team/app":                       {"", "latest"},
		"localhost/app:1":                {"localhost", "1"},
		"localhost:5000/app":             {"localhost:5000", "latest"},
		"index.docker.io/library/app:1":  {"docker.io", "1"},
		"GHCR.io/team/app":               {"ghcr.io", "latest"},
		"ghcr.io/team/app:1@sha256:0123": {"ghcr.io", ""},
		"":                               {"", "latest"},
	} {
		name, _ := tag(ref)
		if got := host(ref); got != want.host || name != want.tag {
			t.Errorf("%q is at %q, called %q", ref, got, name)
		}
	}
}
