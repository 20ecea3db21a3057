package filecap

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// The records of an entry of a tar that hold the attribute: as it is, which all that
// unpack images read, and in base64, as bsdtar alone writes it.
const (
	paxPlain  = "SCHILY.xattr." + Attribute
	paxBase64 = "LIBARCHIVE.xattr." + Attribute
)

// FromPAX reads the file capabilities of an entry of a tar from its PAX records; nil where
// there are none, or none that grant anything. Of two records that which images are
// unpacked by counts.
func FromPAX(records map[string]string) (*Set, error) {
	if len(records) == 0 {
		return nil, nil //nolint:nilnil // documented
	}
	value := records[paxPlain]
	if encoded := records[paxBase64]; value == "" && encoded != "" {
		var err error
		if value, err = decode(encoded); err != nil {
			return nil, err
		}
	}
	if value == "" { // a record without a value takes it back
		return nil, nil //nolint:nilnil // documented
	}
	if len(value) > MaxSize {
		return nil, errTooLong
	}
	set, err := Parse([]byte(value))
	if err != nil || !set.Grants() {
		return nil, err
	}
	return &set, nil
}

var (
	errTooLong   = fmt.Errorf("file capabilities have more than %d bytes", MaxSize)
	errNotBase64 = errors.New("file capabilities are not in base64")
)

// decode reads base64, which libarchive writes without the padding.
func decode(text string) (string, error) {
	text = strings.TrimRight(text, "=")
	if len(text) > base64.RawStdEncoding.EncodedLen(MaxSize) {
		return "", errTooLong
	}
	data, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return "", errNotBase64
	}
	return string(data), nil
}
