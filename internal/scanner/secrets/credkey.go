package secrets

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/finding"
)

// Notes of keys that open nothing by themselves.
const (
	noteEncrypted = "it is encrypted: it is as safe as its passphrase"
	noteHostKey   = "every container that starts from the image proves itself with the same host key"
)

// keyEncrypted says that the key of a PEM block needs a passphrase.
func keyEncrypted(pem string) bool {
	if strings.Contains(pem, "BEGIN ENCRYPTED PRIVATE KEY") || strings.Contains(pem, "4,ENCRYPTED") {
		return true
	}
	return strings.Contains(pem, "BEGIN OPENSSH PRIVATE KEY") && opensshEncrypted(keyBody(pem))
}

// opensshEncrypted reads the name of the cipher behind the magic of
// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key.
func opensshEncrypted(body string) bool {
	const magic = "openssh-key-v1\x00"
	head := body[:min(len(body), 64)]
	head = head[:len(head)/4*4]
	data, err := base64.StdEncoding.DecodeString(head)
	if err != nil || !bytes.HasPrefix(data, []byte(magic)) {
		return false
	}
	data = data[len(magic):]
	if len(data) < 4 {
		return false
	}
	n := binary.BigEndian.Uint32(data)
	return n != 4 || !bytes.HasPrefix(data[4:], []byte("none"))
}

// isKeyName says that a file's name is that of a private key: only content tells.
func isKeyName(dir, base string) bool {
	switch path.Ext(base) {
	case ".pem", ".key", ".priv", ".der", ".p8", ".pk8", ".ppk":
		return true
	case ".pub", ".crt", ".cer":
		return false
	}
	switch {
	case path.Base(dir) == ".ssh":
		return base != "known_hosts" && base != "config" && !strings.HasPrefix(base, "authorized_keys")
	case strings.HasPrefix(base, "id_"), isHostKey(dir, base):
		return true
	}
	return false
}

func isHostKey(dir, base string) bool {
	return path.Base(dir) == "ssh" && strings.HasPrefix(base, "ssh_host_") && strings.HasSuffix(base, "_key")
}

// Bounds of keys: how many of one file are told, and how long one is.
const (
	maxKeys    = 20
	maxKeySize = 1 << 16
)

// findKeys finds private keys in PEM, OpenSSH's, PuTTY's and binary form.
func findKeys(file string, content []byte) []credHit {
	host := isHostKey(path.Dir(file), path.Base(file))
	var hits []credHit
	add := func(from, to int, encrypted bool) {
		h := credHit{rule: rulePrivateKey, severity: finding.Critical, from: from, to: to}
		switch {
		case encrypted:
			h.severity, h.note = finding.Medium, noteEncrypted
		case host:
			h.note = noteHostKey
		}
		hits = append(hits, h)
	}
	switch {
	case bytes.HasPrefix(content, []byte("PuTTY-User-Key-File-")):
		add(0, len(content), !bytes.Contains(content, []byte("\nEncryption: none")))
	case isDERKey(content):
		add(0, 0, false)
	default:
		for _, b := range pemKeys(content) {
			add(b[0], b[1], keyEncrypted(string(content[b[0]:b[1]])))
		}
	}
	return hits
}

// privateLabel is what the first line of a private key says.
var privateLabel = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?$`) })

// pemKeys gives where the PEM blocks of private keys stand.
func pemKeys(content []byte) [][2]int {
	var blocks [][2]int
	for at := 0; len(blocks) < maxKeys; {
		from := bytes.Index(content[at:], []byte("-----BEGIN "))
		if from < 0 {
			break
		}
		from += at
		at = from + len("-----BEGIN ")
		line, _, ok := bytes.Cut(content[at:min(len(content), at+128)], []byte("-----"))
		if !ok || !privateLabel().Match(line) {
			continue
		}
		end := append(append([]byte("-----END "), line...), "-----"...)
		n := bytes.Index(content[at:min(len(content), at+maxKeySize)], end)
		if n < 0 {
			continue
		}
		at += n + len(end)
		blocks = append(blocks, [2]int{from, at})
	}
	return blocks
}

// isDERKey says that all of a content is a private key in the form of PKCS #8, PKCS
// #1 or RFC 5915. It looks at the structure only.
func isDERKey(content []byte) bool {
	if len(content) < 32 || len(content) > maxKeySize || content[0] != 0x30 {
		return false
	}
	var seq asn1.RawValue
	rest, err := asn1.Unmarshal(content, &seq)
	if err != nil || len(bytes.TrimSpace(rest)) > 0 || !seq.IsCompound {
		return false
	}
	fields := derFields(seq.Bytes, 9)
	if len(fields) < 2 || fields[0].Tag != asn1.TagInteger || len(fields[0].Bytes) != 1 || fields[0].Bytes[0] > 1 {
		return false
	}
	if len(fields) >= 3 && fields[1].Tag == asn1.TagSequence && fields[2].Tag == asn1.TagOctetString {
		return true // PKCS #8: version, algorithm, key
	}
	if fields[0].Bytes[0] == 1 && fields[1].Tag == asn1.TagOctetString {
		return true // RFC 5915: version, key
	}
	if len(fields) < 9 {
		return false
	}
	for _, f := range fields { // PKCS #1: nine numbers
		if f.Tag != asn1.TagInteger {
			return false
		}
	}
	return true
}

// derFields gives the first fields of a sequence, as many as can be read.
func derFields(data []byte, most int) []asn1.RawValue {
	var fields []asn1.RawValue
	for len(data) > 0 && len(fields) < most {
		var f asn1.RawValue
		rest, err := asn1.Unmarshal(data, &f)
		if err != nil {
			break
		}
		fields, data = append(fields, f), rest
	}
	return fields
}

// isKeystoreName says that a file's name is that of a keystore. Those that hold the
// certificates of authorities only go by other names. The names of PKCS #12 files
// are a rule of the engine already.
func isKeystoreName(base string) bool {
	switch path.Ext(base) {
	case ".jks", ".jceks", ".keystore", ".ks", ".bks":
		return !strings.Contains(base, "trust") && !strings.Contains(base, "cacerts")
	}
	return base == "keystore"
}

// Magic numbers of keystores.
const (
	magicJKS   = 0xFEEDFEED
	magicJCEKS = 0xCECECECE
)

func findKeystore(_ string, content []byte) []credHit {
	if len(content) < 16 {
		return nil
	}
	hit := []credHit{{rule: ruleKeystore, severity: finding.High}}
	switch binary.BigEndian.Uint32(content) {
	case magicJKS, magicJCEKS:
		if !javaHoldsKey(content) {
			return nil
		}
		return hit
	}
	if isPKCS12(content) {
		return hit
	}
	return nil
}

// isPKCS12 says that a content begins as RFC 7292 has it: a sequence that begins
// with version 3, then the sequence that holds everything.
func isPKCS12(content []byte) bool {
	if content[0] != 0x30 {
		return false
	}
	at := 2
	if content[1] >= 0x80 {
		at += int(content[1] & 0x7f)
	}
	return at+4 <= len(content) && bytes.Equal(content[at:at+4], []byte{0x02, 0x01, 0x03, 0x30})
}

// maxEntries bounds how far a keystore is walked through.
const maxEntries = 10_000

// javaHoldsKey says that a Java keystore holds a key, and not only certificates. One
// that cannot be read to its end may hold one.
func javaHoldsKey(content []byte) bool {
	r := boundedReader{data: content}
	_, version, count := r.uint32(), r.uint32(), r.uint32()
	for range min(count, maxEntries) {
		tag := r.uint32()
		r.skip(int(r.uint16())) // alias
		r.skip(8)               // date
		if r.failed || tag != 2 {
			return r.failed || tag == 1 || tag == 3 // private key, secret key
		}
		if version == 2 {
			r.skip(int(r.uint16())) // type of certificate
		}
		r.skip(int(r.uint32()))
	}
	return r.failed || count > maxEntries
}

// boundedReader reads numbers off data and notices where they end.
type boundedReader struct {
	data   []byte
	failed bool
}

func (b *boundedReader) skip(n int) []byte {
	if n < 0 || n > len(b.data) {
		b.failed, b.data = true, nil
		return nil
	}
	out := b.data[:n]
	b.data = b.data[n:]
	return out
}

func (b *boundedReader) uint16() uint16 {
	if d := b.skip(2); d != nil {
		return binary.BigEndian.Uint16(d)
	}
	return 0
}

func (b *boundedReader) uint32() uint32 {
	if d := b.skip(4); d != nil {
		return binary.BigEndian.Uint32(d)
	}
	return 0
}
