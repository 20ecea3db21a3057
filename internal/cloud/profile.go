package cloud

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// profile reads the keys in the files of Amazon's tools.
func (k *Keychain) profile(context.Context, place) (amazonKeys, error) {
	named := k.getenv("AWS_PROFILE")
	name := cmp.Or(named, "default")
	found := false
	for _, f := range []struct{ variable, file, section string }{
		{"AWS_SHARED_CREDENTIALS_FILE", "credentials", name},
		{"AWS_CONFIG_FILE", "config", configSection(name)},
	} {
		settings, err := k.section(f.variable, f.file, f.section)
		if err != nil {
			return amazonKeys{}, at("AWS: "+cmp.Or(ifSet(k.getenv, f.variable), "~/.aws/"+f.file), err)
		}
		found = found || settings != nil
		keys, err := profileKeys(settings)
		if err != nil || keys != (amazonKeys{}) {
			return keys, err
		}
	}
	if named != "" && !found {
		return amazonKeys{}, faultf("AWS: the profile that AWS_PROFILE names is in neither ~/.aws/credentials nor ~/.aws/config")
	}
	return amazonKeys{}, nil
}

// ifSet is the name of a variable that is set.
func ifSet(getenv func(string) string, variable string) string {
	if getenv(variable) == "" {
		return ""
	}
	return "the file of " + variable
}

// configSection is what a profile is called in the second file.
func configSection(name string) string {
	if name == "default" {
		return name
	}
	return "profile " + name
}

// section gives the settings of a profile in one file; nil where there are none.
func (k *Keychain) section(variable, file, section string) (map[string]string, error) {
	path := k.getenv(variable)
	if path == "" {
		home := cmp.Or(k.getenv("HOME"), k.getenv("USERPROFILE"))
		if home == "" {
			return nil, nil
		}
		path = filepath.Join(home, ".aws", file)
	}
	data, err := readSmall(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseProfile(data, section), nil
}

// profileKeys takes the keys out of a profile. One that has its keys from elsewhere is
// refused: another identity in its place would be a surprise.
func profileKeys(settings map[string]string) (amazonKeys, error) {
	keys := amazonKeys{settings["aws_access_key_id"], settings["aws_secret_access_key"], settings["aws_session_token"], "a profile in ~/.aws"}
	if keys.id != "" || keys.secret != "" {
		if !keys.whole() {
			return amazonKeys{}, faultf("AWS: the profile's aws_access_key_id and aws_secret_access_key are no pair of keys")
		}
		return keys, nil
	}
	for _, elsewhere := range []string{"role_arn", "sso_session", "sso_start_url", "credential_process", "login_session"} {
		if settings[elsewhere] != "" {
			return amazonKeys{}, faultf("AWS: the profile has its keys by %s, which is not followed: export them with aws configure export-credentials --format env, or choose another with AWS_PROFILE", elsewhere)
		}
	}
	return amazonKeys{}, nil
}

// parseProfile reads one section of a file of Amazon's tools: lines "name = value" below
// "[section]". Lines that are indented belong to the setting before, and lines that are
// nothing of this are passed over, as the tools do. It is nil where there is no such
// section; of a setting that is there twice the last one holds.
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
func parseProfile(data []byte, section string) map[string]string {
	var settings map[string]string
	inside := false
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, " \t\r\n")
		switch {
		case line == "" || strings.ContainsRune("#; \t", rune(line[0])):
		case line[0] == '[':
			inside = sectionName(line) == section
			if inside && settings == nil {
				settings = make(map[string]string)
			}
		case inside:
			if name, value, ok := strings.Cut(line, "="); ok {
				settings[strings.ToLower(strings.TrimSpace(name))] = uncommented(value)
			}
		}
	}
	return settings
}

// sectionName is what stands in the brackets, without quotes and with one space between
// its words.
func sectionName(line string) string {
	name, _, ok := strings.Cut(line[1:], "]")
	if !ok {
		return ""
	}
	return strings.Join(strings.Fields(strings.NewReplacer(`"`, "", "'", "").Replace(name)), " ")
}

// uncommented takes off what a comment after a space adds to a value.
func uncommented(value string) string {
	for _, mark := range []string{" #", " ;", "\t#", "\t;"} {
		value, _, _ = strings.Cut(value, mark)
	}
	return strings.TrimSpace(value)
}
