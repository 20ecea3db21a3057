package secrets

import (
	"fmt"
	"strings"
)

// tomlCase is one configuration. An error or note is given by how it begins;
// differs is why we answer otherwise than the library, where we mean to.
type tomlCase struct {
	files   map[string]string
	err     string
	notes   []string
	differs string
}

func one(text string) map[string]string { return map[string]string{".gitleaks.toml": text} }

const aRule = "[[rules]]\nid = 'a'\nregex = 'a+'\n"

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d = 1\n", i)
	}
	return b.String()
}

var tomlCases = map[string]tomlCase{
	"a rule": {files: one(aRule)},
	"all of a rule": {files: one(`title = "T"
description = "D"
minVersion = "v8.25.0"
[[rules]]
id = "a"
description = "d"
regex = '''(a)(b)'''
path = '''\.txt$'''
secretGroup = 2
entropy = 3.5
keywords = ["KEY", "Ünder"]
tags = ["t", "u"]
skipReport = true
[[rules.required]]
id = "b"
withinLines = 5
[[rules.required]]
id = "b"
withinColumns = 0
[[rules.allowlists]]
description = "one"
condition = "AND"
commits = ["ABC", " abc ", "def"]
paths = ['x', 'y$']
regexTarget = "line"
regexes = ['q', '(?i)r']
stopwords = ["Stop", "stop", "word"]
[[rules.allowlists]]
regexTarget = "secret"
condition = "||"
stopwords = ["a"]
[[rules]]
id = "b"
path = 'p'
`)},
	"keys in any case":               {files: one("TITLE='x'\n[[RULES]]\nId='a'\nREGEX='a'\nSecretgroup=0\nSKIPREPORT=true\n[[RULES.aLLOWLISTS]]\nSTOPWORDS=['a']\n")},
	"words in one string":            {files: one(aRule + "keywords = 'a,B, c'\ntags = ''\n[[allowlists]]\nregexes = 'a,b'\n")},
	"values of other types":          {files: one(aRule + "secretGroup = '0'\nentropy = '2.5'\nskipReport = 1\ndescription = 7\nkeywords = 5\n")},
	"a rule as a table":              {files: one("[rules]\nid = 'a'\nregex = 'a'\n")},
	"rules in one array":             {files: one("rules = [{id = 'a', regex = 'a'}, {id = 'b', path = 'b', allowlists = [{paths = ['c']}]}]\n")},
	"dotted keys":                    {files: one("extend.useDefault = true\nextend.disabledRules = ['aws-access-token']\nallowlist.paths = ['p']\n")},
	"an empty old allowlist is none": {files: one("[allowlist]\n" + aRule)},
	"an old allowlist of a description alone": {
		files: one(aRule + "[allowlist]\ndescription = 'd'\n"), err: ".gitleaks.toml:4:2: empty allowlist",
	},
	"an empty old allowlist of a rule": {files: one(aRule + "[rules.allowlist]\n"), err: ".gitleaks.toml:4:8: empty allowlist"},
	"an old allowlist":                 {files: one(aRule + "[rules.allowlist]\nregexes = ['x']\n[allowlist]\npaths = ['y']\ncommits = ['z']\n")},
	"old and new allowlists of a rule": {
		files: one(aRule + "[rules.allowlist]\nregexes = ['x']\n[[rules.allowlists]]\nregexes = ['x']\n"),
		err:   `.gitleaks.toml:4:8: rule "a" has both`,
	},
	"old and new allowlists": {
		files: one(aRule + "[allowlist]\nregexes = ['x']\n[[allowlists]]\nregexes = ['x']\n"), err: ".gitleaks.toml:4:2: both [allowlist]",
	},
	"an empty allowlist":            {files: one(aRule + "[[allowlists]]\ndescription = 'x'\n"), err: ".gitleaks.toml:4:3: empty allowlist"},
	"an empty allowlist of a rule":  {files: one(aRule + "[[rules.allowlists]]\n"), err: ".gitleaks.toml:4:9: empty allowlist"},
	"an unknown condition":          {files: one(aRule + "[[allowlists]]\nregexes=['x']\ncondition='XOR'\n"), err: `.gitleaks.toml:6:11: unknown condition "XOR"`},
	"an unknown target":             {files: one(aRule + "[[rules.allowlists]]\nregexes=['x']\nregexTarget='Line'\n"), err: `.gitleaks.toml:6:13: unknown regexTarget "Line"`},
	"a target for rules":            {files: one(aRule + "[[allowlists]]\ntargetRules = ['a', 'a']\nregexes=['x']\n[[allowlists]]\nregexes=['y']\n")},
	"a target that does not exist":  {files: one(aRule + "[[allowlists]]\ntargetRules = ['a',\n 'b']\nregexes=['x']\n"), err: `.gitleaks.toml:6:2: allowlist for rule "b"`},
	"a target that is disabled":     {files: one("[extend]\nuseDefault=true\ndisabledRules=['aws-access-token']\n[[allowlists]]\ntargetRules=['aws-access-token']\npaths=['x']\n"), err: `.gitleaks.toml:5:14: allowlist for rule "aws-access-token"`},
	"no id":                         {files: one("[[rules]]\nregex = 'a'\ndescription = 'd'\n"), err: ".gitleaks.toml:1:3: rule without an id"},
	"an id of blanks":               {files: one("[[rules]]\nid = ' '\npath = 'a'\n"), err: ".gitleaks.toml:1:3: rule without an id"},
	"neither regex nor path":        {files: one("[[rules]]\nid = 'a'\n"), err: `.gitleaks.toml:1:3: rule "a" has neither`},
	"a group too many":              {files: one("[[rules]]\nid = 'a'\nregex = '(a)'\nsecretGroup = 2\n"), err: `.gitleaks.toml:4:15: rule "a": secretGroup is 2`},
	"a group below zero":            {files: one("[[rules]]\nid = 'a'\nregex = '(a)'\nsecretGroup = -1\n")},
	"an id twice":                   {files: one(aRule + "keywords = ['first']\n[[rules]]\nid = 'a'\nregex = 'b'\n"), notes: []string{`.gitleaks.toml:6:6: rule "a" stands in line 1 already`}},
	"a required rule without an id": {files: one(aRule + "[[rules.required]]\nwithinLines = 1\n"), err: `.gitleaks.toml:4:9: rule "a" requires a rule without an id`},
	"a required rule that does not exist": {
		files: one(aRule + "[[rules.required]]\nid = 'b'\n"), err: `.gitleaks.toml:5:6: rule "a" requires rule "b"`,
	},
	"a required rule of an extended file": {
		files: one("[extend]\nuseDefault = true\n" + aRule + "[[rules.required]]\nid = 'aws-access-token'\n"),
		err:   `.gitleaks.toml:7:6: rule "a" requires rule "aws-access-token"`,
	},
	"a bad expression":            {files: one("[[rules]]\nid = 'a'\nregex = 'a('\n"), err: `.gitleaks.toml:3:9: expression: missing closing ): "a("`},
	"a bad path":                  {files: one("[[rules]]\nid = 'a'\npath = '''[z-a]'''\n"), err: `.gitleaks.toml:3:8: expression: invalid character class range: "z-a"`},
	"a look-ahead":                {files: one("[[rules]]\nid = 'a'\nregex = 'a(?=b)'\n"), err: `.gitleaks.toml:3:9: expression: invalid or unsupported Perl syntax: "(?=": look-around`},
	"a back reference":            {files: one("[[rules]]\nid = 'a'\nregex = '(a)\\1'\n"), err: `.gitleaks.toml:3:9: expression: invalid escape sequence: "\\1": back references`},
	"a repetition of repetitions": {files: one("[[rules]]\nid = 'a'\nregex = '(a{1000}){1000}'\n"), err: ".gitleaks.toml:3:9: expression: invalid repeat count"},
	"a bad expression in a list":  {files: one(aRule + "[[allowlists]]\nregexes = ['x',\n  'y', '*z']\n"), err: ".gitleaks.toml:6:8: expression: missing argument to repetition"},
	"a bad path in a list":        {files: one(aRule + "[[rules.allowlists]]\npaths = ['*z']\n"), err: ".gitleaks.toml:5:10: expression: missing argument to repetition"},
	"expressions that don't join": {
		files: one(aRule + "[[allowlists]]\nregexes = ['\\Qx', 'y']\n"),
		err:   ".gitleaks.toml:5:1: the expressions of an allowlist are joined to one, which fails: missing closing )",
	},
	"expressions that leak their flags": {files: one(aRule + "[[allowlists]]\npaths = ['(?i)a', 'b']\n")},
	"broken TOML":                       {files: one("[[rules]]\nid = 'a\n"), err: ".gitleaks.toml:2:8: "},
	"an escape that TOML does not know": {files: one("[[rules]]\nid = 'a'\nregex = \"\\d\"\n"), err: ".gitleaks.toml:3:1"},
	"a key twice":                       {files: one("[[rules]]\nid = 'a'\nid = 'b'\n"), err: ".gitleaks.toml:3:1: "},
	"a table twice":                     {files: one("[extend]\nuseDefault = true\n[extend]\n"), err: ".gitleaks.toml:3:2: "},
	"not UTF-8":                         {files: one("title = '\xff'\n" + aRule), err: ".gitleaks.toml:1:10: "},
	"a byte order mark":                 {files: one("\ufeff" + aRule), err: ".gitleaks.toml:1:1: "},
	"lines of Windows":                  {files: one(strings.ReplaceAll(aRule+"[[allowlists]]\npaths = ['x']\n", "\n", "\r\n"))},
	"a number that is none":             {files: one(aRule + "secretGroup = 'x'\n"), err: ".gitleaks.toml:4:15: value of the wrong type: cannot parse 'Rules[0].SecretGroup' as int"},
	"a list for a word":                 {files: one("[[rules]]\nid = ['a']\nregex = 'a'\n"), err: ".gitleaks.toml:2:1: value of the wrong type: 'Rules[0].ID' expected type 'string'"},
	"a date for a word":                 {files: one("[[rules]]\nid = 2020-01-01\nregex = 'a'\n"), err: ".gitleaks.toml:2:6: value of the wrong type"},
	"a word for a table":                {files: one(aRule + "extend_ = 1\nrequired = 'x'\n"), err: ".gitleaks.toml:5:12: value of the wrong type"},
	"a word for extend":                 {files: one("extend = 'x'\n" + aRule), err: ".gitleaks.toml:1:10: value of the wrong type"},
	"unknown keys": {
		files: one("titel = 'x'\n[[rules]]\nid = 'a'\nregexp = 'x'\nregex = 'a'\n[[rules.allowlists]]\npath = ['x']\npaths = ['x']\n[unknown.deep]\nx = 1\n"),
		notes: []string{
			`.gitleaks.toml:1:1: unknown key "titel"`, `.gitleaks.toml:4:1: unknown key "regexp"`,
			`.gitleaks.toml:7:1: unknown key "path"`, `.gitleaks.toml:9:2: unknown key "unknown"`,
		},
	},
	"targetRules in a rule":        {files: one(aRule + "[[rules.allowlists]]\ntargetRules = ['b']\npaths = ['x']\n"), notes: []string{`.gitleaks.toml:5:1: unknown key "targetRules"`}},
	"an unused extension":          {files: one("[extend]\nurl = 'https://x'\ndisabledRules = ['b']\n" + aRule), notes: []string{".gitleaks.toml:2:7: extend.url", ".gitleaks.toml:3:1: disabledRules"}},
	"a version to come":            {files: one("minVersion = 'v9.0.0'\n" + aRule), notes: []string{".gitleaks.toml:1:14: the configuration asks for gitleaks v9.0.0"}},
	"a version that is none":       {files: one("minVersion = 'new'\n" + aRule), notes: []string{`.gitleaks.toml:1:14: minVersion "new"`}},
	"the default rules":            {files: one("[extend]\nuseDefault = true\n")},
	"some rules disabled":          {files: one("[extend]\nuseDefault = true\ndisabledRules = ['generic-api-key', 'nope']\n"), notes: []string{`.gitleaks.toml:3:37: disabledRules has "nope"`}},
	"the default rules and a file": {files: one("[extend]\nuseDefault = true\npath = 'x'\n"), err: ".gitleaks.toml:1:2: extend has both"},
	"everything over the default rules": {
		files: one(`[extend]
useDefault = true
disabledRules = ["generic-api-key"]
[[rules]]
id = "aws-access-token"
description = "changed"
regex = '''(A)(B)'''
path = 'p'
secretGroup = 1
entropy = 1.25
keywords = ["ZZZ"]
tags = ["mine"]
skipReport = true
[[rules.allowlists]]
stopwords = ["x"]
[[rules.required]]
id = "own"
[[rules]]
id = "own"
path = "x"
[[allowlists]]
targetRules = ["github-pat", "own", "aws-access-token"]
regexes = ['EXAMPLE']
[[allowlists]]
paths = ['^docs/']
`),
		notes: []string{".gitleaks.toml:16:9: required has no effect", ".gitleaks.toml:13:14: skipReport has no effect"},
	},
	"a group too many for the extended regex": {
		files: one("[extend]\nuseDefault = true\n[[rules]]\nid = 'aws-access-token'\nsecretGroup = 9\n"),
		err:   `.gitleaks.toml:5:15: rule "aws-access-token": secretGroup is 9`,
	},
	"another file": {files: map[string]string{
		".gitleaks.toml": "[extend]\npath = 'conf/base.toml'\ndisabledRules = ['c']\n[[rules]]\nid = 'a'\ntags = ['mine']\n[[allowlists]]\npaths=['q']\n",
		"conf/base.toml": aRule + "skipReport = true\ntags = ['base']\nkeywords = ['base']\n[[rules.required]]\nid = 'c'\n[[rules]]\nid = 'c'\npath = 'c'\n[[rules]]\nid = '0'\npath='x'\n[[allowlists]]\npaths=['r']\n",
	}, notes: []string{`.gitleaks.toml:4:3: rule "a" requires rule "c", which is disabled`}},
	"another file by a longer way": {files: map[string]string{".gitleaks.toml": "[extend]\npath = './conf/../base.toml'\n", "base.toml": aRule, "conf/x": ""}},
	"another file over the default rules": {files: map[string]string{
		".gitleaks.toml": "[extend]\npath = 'b.toml'\n[[rules]]\nid='github-pat'\nentropy=1\n",
		"b.toml":         "[extend]\nuseDefault = true\n[[rules]]\nid = 'github-pat'\nentropy=2\ntags=['b']\n",
	}},
	"three files": {files: map[string]string{
		".gitleaks.toml": "[extend]\npath = 'b.toml'\n" + aRule,
		"b.toml":         "[extend]\npath = 'c.toml'\n[[rules]]\nid = 'b'\nregex = 'b'\n",
		"c.toml":         "[extend]\nuseDefault = true\npath = 'd.toml'\n[[rules]]\nid = 'c'\nregex = 'c'\n",
	}, notes: []string{"c.toml:1:2: [extend] has no effect here"}},
	"a file that extends itself": {
		files: one("[extend]\npath = '.gitleaks.toml'\n" + aRule), notes: []string{".gitleaks.toml:1:2: [extend] has no effect here"},
	},
	"targets in another file": {files: map[string]string{
		".gitleaks.toml": "[extend]\npath = 'b.toml'\n",
		"b.toml":         aRule + "[[allowlists]]\ntargetRules = ['a', 'nope']\npaths = ['x']\n",
	}, notes: []string{"b.toml:5:16: targetRules has no effect", "b.toml:5:21: targetRules has no effect"}},
	"another file that is missing": {files: one("[extend]\npath = 'nope.toml'\n" + aRule), err: `.gitleaks.toml:2:8: reading the extended configuration "nope.toml": `},
	"another file that is broken": {
		files: map[string]string{".gitleaks.toml": "[extend]\npath = 'b.toml'\n" + aRule, "b.toml": "x"},
		err:   ".gitleaks.toml:2:8: extended by b.toml:1:",
	},
	"another file with a bad rule": {
		files: map[string]string{".gitleaks.toml": "[extend]\npath = 'b.toml'\n" + aRule, "b.toml": "[[rules]]\nid = 'b'\n"},
		err:   `.gitleaks.toml: rule "b" has neither`,
	},
	"empty words":                    {files: one(aRule + "keywords = ['']\n[[allowlists]]\nstopwords = ['']\n[[allowlists]]\ncommits = ['']\n")},
	"no file at all of an extension": {files: one("[extend]\npath = ''\n" + aRule)},

	// What we answer otherwise, and why.
	"an empty file": {
		files: one(""), err: ".gitleaks.toml: no rule is left",
		differs: "a configuration without rules silently switches everything off",
	},
	"allowlists without rules": {
		files: one("[[allowlists]]\npaths = ['x']\n"), err: ".gitleaks.toml: no rule is left", differs: "the same",
	},
	"all rules of a file disabled": {
		files: map[string]string{".gitleaks.toml": "[extend]\npath = 'b.toml'\ndisabledRules = ['a']\n", "b.toml": aRule},
		err:   ".gitleaks.toml: no rule is left", differs: "the same",
	},
	"a key twice in different case": {
		files: one("[[rules]]\nid = 'a'\nregex = 'a'\nRegex = 'a'\n"), err: `.gitleaks.toml:4:1: key "Regex" stands here twice`,
		differs: "which of the two counts changes there from run to run",
	},
	"a quoted key with a dot": {
		files: one("\"extend.useDefault\" = true\n" + aRule), err: `.gitleaks.toml:1:1: key "extend.useDefault": write it`,
		differs: "it is split at the dot there, or not, by where it stands",
	},
	"an expression that costs too much": {
		files: one("[[rules]]\nid = 'a'\nregex = '" + strings.Repeat("a{1000}b{1000}", 30) + "'\n"), err: ".gitleaks.toml:3:9: expression: too costly",
		differs: "bounds",
	},
	"an expression that is too long": {
		files: one("[[rules]]\nid = 'a'\nregex = '" + strings.Repeat("a", maxExprLength+1) + "'\n"), err: ".gitleaks.toml:3:9: expression: longer than",
		differs: "bounds",
	},
	"too many words": {
		files: one(aRule + "[[allowlists]]\nstopwords = [" + strings.Repeat("'"+strings.Repeat("a", 999)+"',", 66) + "]\n"), err: ".gitleaks.toml:5:1: keywords and stopwords are longer",
		differs: "bounds",
	},
	"too many rules": {
		files: one(strings.Repeat("[[rules]]\nid='a'\npath='a'\n", maxTOMLRules+1)), err: ".gitleaks.toml:1:3: more than 10000 rules", differs: "bounds",
	},
	"too long a word": {
		files: one(aRule + "keywords = ['x', '" + strings.Repeat("a", maxTOMLWord+1) + "']\n"), err: ".gitleaks.toml:4:18: word of more than", differs: "bounds",
	},
	"too many keys": {
		files: one(manyKeys(maxTableKeys) + aRule), err: ".gitleaks.toml:5001:3: table of more than 5000 keys", differs: "bounds",
	},
	"too many allowlists": {
		files: one(aRule + strings.Repeat("[[allowlists]]\npaths=['']\n", maxTOMLRules+1)), err: ".gitleaks.toml:20004:3: more than 10000 allowlists", differs: "bounds",
	},
	"too large a file": {files: one(aRule + "# " + strings.Repeat("x", maxTOML)), err: ".gitleaks.toml: the configuration is larger", differs: "bounds"},
	"too deep a key":   {files: one(aRule + "[" + strings.Repeat("a.", maxKeyParts) + "a]\n"), err: ".gitleaks.toml:4:34: key of more than 16 parts", differs: "bounds"},
	"too many values":  {files: one(aRule + "tags = [" + strings.Repeat("1,", maxTOMLValues) + "]\n"), err: ".gitleaks.toml:4:", differs: "bounds"},
}
