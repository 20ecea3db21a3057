// Package filecap reads file capabilities: rights of root that Linux gives to whoever
// starts a program, as the setuid bit gives all of them. They stand in the extended
// attribute security.capability of the file (capabilities(7)).
package filecap

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Attribute is the name of the extended attribute.
const Attribute = "security.capability"

// MaxSize is the size of the longest attribute, in bytes.
const MaxSize = 24

// Bits are capabilities by their numbers.
type Bits uint64

// The capabilities that rules name, as bits.
const (
	Chown Bits = 1 << iota
	DACOverride
	DACReadSearch
	Fowner
	Fsetid
	Kill
	Setgid
	Setuid
	Setpcap
	LinuxImmutable
	NetBindService
	NetBroadcast
	NetAdmin
	NetRaw
	IPCLock
	IPCOwner
	SysModule
	SysRawio
	SysChroot
	SysPtrace
	SysPacct
	SysAdmin
	SysBoot
	SysNice
	SysResource
	SysTime
	SysTTYConfig
	Mknod
	Lease
	AuditWrite
	AuditControl
	Setfcap
	MACOverride
	MACAdmin
	Syslog
	WakeAlarm
	BlockSuspend
	AuditRead
	Perfmon
	BPF
	CheckpointRestore
	next
)

// Known are the capabilities that have a name. A kernel ignores those that it does not
// know.
const Known = next - 1

// names are those of linux/capability.h, by number.
var names = [...]string{
	"cap_chown", "cap_dac_override", "cap_dac_read_search", "cap_fowner", "cap_fsetid", "cap_kill", "cap_setgid",
	"cap_setuid", "cap_setpcap", "cap_linux_immutable", "cap_net_bind_service", "cap_net_broadcast", "cap_net_admin",
	"cap_net_raw", "cap_ipc_lock", "cap_ipc_owner", "cap_sys_module", "cap_sys_rawio", "cap_sys_chroot",
	"cap_sys_ptrace", "cap_sys_pacct", "cap_sys_admin", "cap_sys_boot", "cap_sys_nice", "cap_sys_resource",
	"cap_sys_time", "cap_sys_tty_config", "cap_mknod", "cap_lease", "cap_audit_write", "cap_audit_control",
	"cap_setfcap", "cap_mac_override", "cap_mac_admin", "cap_syslog", "cap_wake_alarm", "cap_block_suspend",
	"cap_audit_read", "cap_perfmon", "cap_bpf", "cap_checkpoint_restore",
}

// String lists the names; one that has none is its number. All of them are "all".
func (b Bits) String() string {
	if b == Known || b == ^Bits(0) {
		return "all"
	}
	var text []string
	for rest := uint64(b); rest != 0; rest &= rest - 1 {
		if n := bits.TrailingZeros64(rest); n < len(names) {
			text = append(text, names[n])
		} else {
			text = append(text, strconv.Itoa(n))
		}
	}
	return strings.Join(text, ",")
}

// Set are the capabilities of a file. The zero value grants nothing.
type Set struct {
	// Permitted are given to whoever starts the program, Inheritable to those who have
	// them to pass on.
	Permitted   Bits `json:"p,omitempty"`
	Inheritable Bits `json:"i,omitempty"`
	// Effective says that they are in effect from the start; else the program has to ask
	// for them.
	Effective bool `json:"e,omitempty"`
	// RootID is the user of the host who has to be root in the container; 0 for any
	// container that the host's root starts.
	RootID uint32 `json:"r,omitempty"`
}

// Grants says whether there are any.
func (s Set) Grants() bool { return s.Permitted|s.Inheritable != 0 }

// Adds says whether whoever starts the program can do what the older capabilities did not
// let them.
func (s Set) Adds(old Set) bool {
	return s.Permitted&^old.Permitted != 0 || s.Inheritable&^old.Inheritable != 0 ||
		s.Grants() && (s.Effective && !old.Effective || old.RootID != 0 && s.RootID != old.RootID)
}

// String is in the notation of cap_to_text(3) and getcap(8): "cap_net_raw=ep".
func (s Set) String() string {
	effective := ""
	if s.Effective {
		effective = "e"
	}
	var clauses []string
	for _, c := range []struct {
		bits  Bits
		flags string
	}{
		{s.Permitted & s.Inheritable, "ip"}, {s.Permitted &^ s.Inheritable, "p"}, {s.Inheritable &^ s.Permitted, "i"},
	} {
		if c.bits != 0 {
			clauses = append(clauses, c.bits.String()+"="+effective+c.flags)
		}
	}
	if s.RootID != 0 {
		clauses = append(clauses, fmt.Sprintf("[rootid=%d]", s.RootID))
	}
	return strings.Join(clauses, " ")
}

// The parts of the attribute's first number.
const (
	flagEffective = 0x00000001
	revisionMask  = 0xff000000
	revision1     = 0x01000000 // 32 capabilities
	revision2     = 0x02000000 // 64
	revision3     = 0x03000000 // 64, and the root that they are for
)

// Parse reads the attribute's value (struct vfs_cap_data of linux/capability.h). What the
// kernel takes for no file capabilities is an error; flags that it ignores are ignored.
func Parse(data []byte) (Set, error) {
	if len(data) < 4 {
		return Set{}, fmt.Errorf("%d bytes are no file capabilities", len(data))
	}
	number := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(data[4*i:])) }
	first := number(0)
	want := 0
	switch first & revisionMask {
	case revision1:
		want = 12
	case revision2:
		want = 20
	case revision3:
		want = MaxSize
	default:
		return Set{}, fmt.Errorf("file capabilities are of the unknown revision %d", first>>24)
	}
	if len(data) != want {
		return Set{}, fmt.Errorf("file capabilities of revision %d have %d bytes, not %d", first>>24, want, len(data))
	}
	set := Set{Effective: first&flagEffective != 0}
	set.Permitted, set.Inheritable = Bits(number(1)), Bits(number(2))
	if want > 12 {
		set.Permitted |= Bits(number(3) << 32)
		set.Inheritable |= Bits(number(4) << 32)
	}
	if want == MaxSize {
		set.RootID = binary.LittleEndian.Uint32(data[20:])
	}
	return set, nil
}
