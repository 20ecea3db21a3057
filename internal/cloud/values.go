package cloud

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// isClean says whether a value can stand in a header or a form: a line break in it is
// what a secret gets that was pasted or read from a file.
func isClean(value string) bool {
	return value != "" && !strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' })
}

// setting reads a variable that is to be clean.
func (k *Keychain) setting(name string) (string, error) {
	value := k.getenv(name)
	if value != "" && !isClean(value) {
		return "", faultf("%s holds a space or a line break, or another character that it cannot have", name)
	}
	return value, nil
}

// settings reads several, and stops at the first that is not clean.
func (k *Keychain) settings(names ...string) (map[string]string, error) {
	values := make(map[string]string, len(names))
	for _, name := range names {
		value, err := k.setting(name)
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}

// tokenFile reads a file that a variable names and that holds nothing but a token.
func (k *Keychain) tokenFile(variable string) (string, error) {
	data, err := readSmall(k.getenv(variable))
	if err != nil {
		return "", at("the file of "+variable, err)
	}
	token := string(bytes.TrimSpace(data))
	if !isClean(token) {
		return "", faultf("the file of %s holds no token", variable)
	}
	return token, nil
}

// seconds is a number that some servers write as text.
type seconds float64

// UnmarshalJSON implements json.Unmarshaler.
func (s *seconds) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	n, err := strconv.ParseFloat(cmp.Or(text, "0"), 64)
	if text == "null" || err != nil || math.IsNaN(n) {
		n = 0
	}
	*s = seconds(n)
	return nil
}

var _ json.Unmarshaler = (*seconds)(nil)

// How long a token is believed to hold, whatever its server says, and where it says nothing.
const (
	maxLife   = 12 * time.Hour
	shortLife = 10 * time.Minute
)

// after is when something ends that holds for some seconds from now.
func (k *Keychain) after(life seconds) time.Time {
	if life <= 0 {
		return k.sooner(time.Time{})
	}
	return k.now().Add(time.Duration(min(float64(life), maxLife.Seconds()) * float64(time.Second)))
}

// sooner is when something ends that says when it does, or, as the zero time, nothing.
func (k *Keychain) sooner(end time.Time) time.Time {
	if end.IsZero() {
		return k.now().Add(shortLife)
	}
	if latest := k.now().Add(maxLife); end.After(latest) {
		return latest
	}
	return end
}
