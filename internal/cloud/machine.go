package cloud

import (
	"os"
	"path/filepath"
	"strings"
)

// machine is what the firmware says of itself; empty where that cannot be read, as on
// other systems than Linux and in some sandboxes.
type machine struct{ vendor, product, bios, tag string }

// readMachine reads files that everybody may read, in containers as well.
func readMachine(folder string) machine {
	read := func(name string) string {
		data, err := readSmall(filepath.Join(folder, name))
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(data))
	}
	return machine{read("sys_vendor"), read("product_name"), read("bios_version"), read("chassis_asset_tag")}
}

// azureTag is what Azure writes into the firmware of each of its machines, so that they
// are told from others on the same hypervisor.
const azureTag = "7783-7084-3265-9085-8269-3286-77"

// mayBe says whether it is worth asking the metadata server of a cloud. A machine that is
// none of the cloud's must not wait for an address that nobody has; where the firmware is
// silent, a job and a pod may be anywhere, and somebody's own machine is in no cloud.
func (k *Keychain) mayBe(p provider) bool {
	m := k.machine()
	if m == (machine{}) {
		return k.getenv("CI") != "" || k.getenv("KUBERNETES_SERVICE_HOST") != ""
	}
	switch p {
	case amazon:
		return m.vendor == "Amazon EC2" || strings.Contains(m.bios, "amazon")
	case google:
		return m.product == "Google" || m.product == "Google Compute Engine"
	default:
		return m.tag == azureTag
	}
}

// maxFile bounds the files that hold credentials.
const maxFile = 1 << 20

// readSmall reads a regular file of a bounded size. What is wrong with it is not said: a
// path can be a secret that was put into the wrong variable.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unread(err)
	}
	if !info.Mode().IsRegular() {
		return nil, faultf("is no file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unread(err)
	}
	defer f.Close() //nolint:errcheck // only read from
	return readUpTo(f, maxFile)
}
