package cloud

import "strings"

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
