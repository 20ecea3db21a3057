package filecap_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/filecap"
)

// attribute writes numbers as the kernel does.
func attribute(numbers ...uint32) []byte {
	var data []byte
	for _, n := range numbers {
		data = binary.LittleEndian.AppendUint32(data, n)
	}
	return data
}

func TestParse(t *testing.T) {
	for name, tt := range map[string]struct {
		data []byte
		want filecap.Set
		text string
	}{
		"what setcap writes": {
			attribute(0x02000001, 1<<13, 0, 0, 0),
			filecap.Set{Permitted: filecap.NetRaw, Effective: true},
			"cap_net_raw=ep",
		},
		"asked for by the program": {
			attribute(0x02000000, 1<<13|1<<12, 0, 0, 0),
			filecap.Set{Permitted: filecap.NetRaw | filecap.NetAdmin},
			"cap_net_admin,cap_net_raw=p",
		},
		"passed on": {
			attribute(0x02000001, 1<<7|1, 1<<7|1<<6, 0, 0),
			filecap.Set{Permitted: filecap.Setuid | filecap.Chown, Inheritable: filecap.Setuid | filecap.Setgid, Effective: true},
			"cap_setuid=eip cap_chown=ep cap_setgid=ei",
		},
		"the upper half": {
			attribute(0x02000000, 0, 0, 1<<7, 1<<8),
			filecap.Set{Permitted: filecap.BPF, Inheritable: filecap.CheckpointRestore},
			"cap_bpf=p cap_checkpoint_restore=i",
		},
		"what has no name": {
			attribute(0x02000000, 1, 0, 1<<9|1<<31, 0),
			filecap.Set{Permitted: filecap.Chown | 1<<41 | 1<<63},
			"cap_chown,41,63=p",
		},
		"all that have a name": {
			attribute(0x02000001, 0xffffffff, 0, 0x1ff, 0),
			filecap.Set{Permitted: filecap.Known, Effective: true},
			"all=ep",
		},
		"all bits":      {attribute(0x02000000, 0xffffffff, 0, 0xffffffff, 0), filecap.Set{Permitted: ^filecap.Bits(0)}, "all=p"},
		"32 bits":       {attribute(0x01000001, 1<<21, 1<<19), filecap.Set{Permitted: filecap.SysAdmin, Inheritable: filecap.SysPtrace, Effective: true}, "cap_sys_admin=ep cap_sys_ptrace=ei"},
		"another root":  {attribute(0x03000001, 1<<7, 0, 0, 0, 1000), filecap.Set{Permitted: filecap.Setuid, Effective: true, RootID: 1000}, "cap_setuid=ep [rootid=1000]"},
		"unknown flags": {attribute(0x02000002, 1, 0, 0, 0), filecap.Set{Permitted: filecap.Chown}, "cap_chown=p"},
		"none":          {attribute(0x02000001, 0, 0, 0, 0), filecap.Set{Effective: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := filecap.Parse(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || got.String() != tt.text {
				t.Errorf("%q, want %q (-want +got):\n%s", got, tt.text, diff)
			}
			if got.Grants() != (name != "none") {
				t.Errorf("grants: %v", got.Grants())
			}
		})
	}
}

func TestWhatIsNoAttribute(t *testing.T) {
	whole := attribute(0x02000001, 1<<13, 0, 0, 0)
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":                    {nil, "0 bytes are no file capabilities"},
		"three bytes":                {whole[:3], "3 bytes are no"},
		"cut off":                    {whole[:19], "of revision 2 have 20 bytes, not 19"},
		"one too many":               {append(bytes.Clone(whole), 0), "of revision 2 have 20 bytes, not 21"},
		"the third, in the second":   {attribute(0x02000001, 1, 0, 0, 0, 5), "of revision 2 have 20 bytes, not 24"},
		"the second, in the third":   {attribute(0x03000001, 1, 0, 0, 0), "of revision 3 have 24 bytes, not 20"},
		"the second, in the first":   {attribute(0x01000001, 1, 0, 0, 0), "of revision 1 have 12 bytes, not 20"},
		"no revision":                {attribute(1, 1, 0, 0, 0), "of the unknown revision 0"},
		"a newer one":                {attribute(0x04000001, 1, 0, 0, 0), "of the unknown revision 4"},
		"the other order of numbers": {[]byte("\x02\x00\x00\x01" + strings.Repeat("\x00", 16)), "of revision 1 have 12 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := filecap.Parse(tt.data)
			if err == nil || !strings.Contains(err.Error(), tt.want) || got != (filecap.Set{}) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestFromPAX(t *testing.T) {
	raw := attribute(0x02000001, 1<<13, 0, 0, 0)
	ping := &filecap.Set{Permitted: filecap.NetRaw, Effective: true}
	plain, encoded := "SCHILY.xattr.security.capability", "LIBARCHIVE.xattr.security.capability"
	other := base64.RawStdEncoding.EncodeToString(attribute(0x02000001, 1<<21, 0, 0, 0))
	for name, tt := range map[string]struct {
		records map[string]string
		want    *filecap.Set
		err     string
	}{
		"no records":                      {nil, nil, ""},
		"other records":                   {map[string]string{"mtime": "1.5", "SCHILY.xattr.user.x": "y"}, nil, ""},
		"plain":                           {map[string]string{plain: string(raw)}, ping, ""},
		"in base64":                       {map[string]string{encoded: base64.RawStdEncoding.EncodeToString(raw)}, ping, ""},
		"in base64 with its padding":      {map[string]string{encoded: base64.StdEncoding.EncodeToString(raw)}, ping, ""},
		"that which is unpacked counts":   {map[string]string{plain: string(raw), encoded: other}, ping, ""},
		"taken back":                      {map[string]string{plain: "", encoded: ""}, nil, ""},
		"one that grants nothing":         {map[string]string{plain: string(attribute(0x02000001, 0, 0, 0, 0))}, nil, ""},
		"cut off":                         {map[string]string{plain: string(raw[:10])}, nil, "not 10"},
		"very long":                       {map[string]string{plain: strings.Repeat("x", 1<<20)}, nil, "more than 24 bytes"},
		"very long in base64":             {map[string]string{encoded: strings.Repeat("x", 1<<20)}, nil, "more than 24 bytes"},
		"no base64":                       {map[string]string{encoded: "?"}, nil, "not in base64"},
		"in base64, but no capabilities":  {map[string]string{encoded: "AAAA"}, nil, "3 bytes are no file capabilities"},
		"the other of two is never asked": {map[string]string{plain: string(raw), encoded: "?"}, ping, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := filecap.FromPAX(tt.records)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAdds(t *testing.T) {
	net := filecap.Set{Permitted: filecap.NetRaw}
	for name, tt := range map[string]struct {
		is, was filecap.Set
		want    bool
	}{
		"none":                            {filecap.Set{}, filecap.Set{}, false},
		"the first":                       {net, filecap.Set{}, true},
		"the same":                        {net, net, false},
		"fewer":                           {net, filecap.Set{Permitted: filecap.NetRaw | filecap.NetAdmin}, false},
		"others":                          {net, filecap.Set{Permitted: filecap.NetAdmin}, true},
		"none any more":                   {filecap.Set{Effective: true}, net, false},
		"in effect":                       {filecap.Set{Permitted: filecap.NetRaw, Effective: true}, net, true},
		"in effect as before":             {filecap.Set{Permitted: filecap.NetRaw, Effective: true}, filecap.Set{Permitted: filecap.NetRaw, Effective: true}, false},
		"no longer in effect":             {net, filecap.Set{Permitted: filecap.NetRaw, Effective: true}, false},
		"passed on":                       {filecap.Set{Permitted: filecap.NetRaw, Inheritable: filecap.NetRaw}, net, true},
		"for any root, not one":           {net, filecap.Set{Permitted: filecap.NetRaw, RootID: 5}, true},
		"for another root":                {filecap.Set{Permitted: filecap.NetRaw, RootID: 6}, filecap.Set{Permitted: filecap.NetRaw, RootID: 5}, true},
		"for one root, where for any was": {filecap.Set{Permitted: filecap.NetRaw, RootID: 6}, net, false},
	} {
		if got := tt.is.Adds(tt.was); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// FuzzParse wants every value to be read the same in both notations of a tar, and told
// with as many names as it has bits.
func FuzzParse(f *testing.F) {
	f.Add(attribute(0x02000001, 1<<13, 0, 0, 0))
	f.Add(attribute(0x03000000, 1<<7, 1<<6, 0, 1<<31, 1000))
	f.Add(attribute(0x01000001, 0xffffffff, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := filecap.Parse(data)
		plain, plainErr := filecap.FromPAX(map[string]string{"SCHILY.xattr.security.capability": string(data)})
		encoded, encodedErr := filecap.FromPAX(map[string]string{
			"LIBARCHIVE.xattr.security.capability": base64.RawStdEncoding.EncodeToString(data),
		})
		if len(data) == 0 {
			return
		}
		if diff := cmp.Diff(plain, encoded); diff != "" || (plainErr != nil) != (err != nil) || (encodedErr != nil) != (err != nil) {
			t.Errorf("errors %v, %v, %v (-plain +base64):\n%s", err, plainErr, encodedErr, diff)
		}
		if err != nil {
			return
		}
		if set.Grants() != (plain != nil) || plain != nil && *plain != set {
			t.Errorf("%+v and %+v", set, plain)
		}
		for _, b := range []filecap.Bits{set.Permitted, set.Inheritable} {
			text := b.String()
			if n := bits.OnesCount64(uint64(b)); text != "all" && n != strings.Count(text, ",")+min(len(text), 1) {
				t.Errorf("%d bits are called %q", n, text)
			}
		}
	})
}
