package imageconfig

import (
	"debug/elf"
	"encoding/binary"
	"path"
	"strings"

	"github.com/boltseal/boltseal/internal/scan"
)

// minELF is the size of the smallest header of an ELF file.
const minELF = 52

// isProgram picks what may be a program to be started, not a library: its first
// bytes are read.
func isProgram(e *scan.Entry) bool {
	if e.Kind != scan.File || e.Mode&0o111 == 0 || e.Size < minELF {
		return false
	}
	name := path.Base(e.Path)
	return !strings.Contains(name, ".so") && !strings.HasSuffix(name, ".node")
}

// programPart notes what a program is made for; nil for what is no ELF program. The
// places of type and machine are the same in files of 32 and 64 bits.
func programPart(head []byte) scan.Part {
	if len(head) < 20 || string(head[:4]) != elf.ELFMAG {
		return nil
	}
	var order binary.ByteOrder
	switch elf.Data(head[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		order = binary.BigEndian
	default:
		return nil
	}
	switch elf.Type(order.Uint16(head[16:])) {
	case elf.ET_EXEC, elf.ET_DYN:
	default:
		return nil
	}
	return binary.BigEndian.AppendUint16(scan.Part{'m'}, order.Uint16(head[18:]))
}

// programMachine reads what programPart made.
func programMachine(p scan.Part) (elf.Machine, bool) {
	if len(p) != 3 || p[0] != 'm' {
		return 0, false
	}
	return elf.Machine(binary.BigEndian.Uint16(p[1:])), true
}
