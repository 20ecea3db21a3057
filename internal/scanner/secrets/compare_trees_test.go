package secrets_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// builtTrees are trees that hold what is hard about files. Each is compared.
var builtTrees = []struct {
	name  string
	build func(rng *rand.Rand) files
	large bool // left out in -short
}{
	{"files around the size of a chunk", chunkSizedFiles, true},
	{"long files of one line", oneLineFiles, true},
	{"a secret before, on and behind each border", borderFiles, true},
	{"line endings", lineEndings, false},
	{"binary files with text in them", binaryFiles, false},
	{"text in other encodings", otherEncodings, false},
	{"bytes that are no UTF-8", invalidText, false},
	{"letters that fold to others", foldedLetters, false},
	{"comments that allow", allowComments, false},
	{"names like archives", archiveNames, false},
	{"content that begins like an application", magicFiles, true},
	{"allowed paths", allowedPaths, false},
	{"secrets encoded several times", nestedEncodings, true},
	{"generic beside specific", genericBesideSpecific, false},
	{"files named by path rules", pathRuleFiles, false},
	{"pointers and empty files", pointers, false},
	{"private keys", privateKeys, true},
}

func TestBuiltTreesFindWhatGitleaksFinds(t *testing.T) {
	t.Parallel()
	for i, b := range builtTrees {
		if b.large && testing.Short() {
			leftOut(t, b.name+", in -short")
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			c := compareTree(t, b.name, b.build(seeded(uint64(100+i))).write(t, t.TempDir()), settings{})
			if len(c.theirs) == 0 {
				t.Error("gitleaks finds nothing in it")
			}
		})
	}
}

// prose gives n bytes of lines that hold no secret but now and then a keyword.
func prose(rng *rand.Rand, n int, blank bool) string {
	words := []string{"key", "token", "secret", "password", "the", "api", "github", "value", "aws", "of", "client", "return", "x"}
	var b strings.Builder
	for b.Len() < n {
		for range 3 + rng.IntN(9) {
			b.WriteString(words[rng.IntN(len(words))])
			b.WriteByte(' ')
		}
		b.WriteByte('\n')
		if blank && rng.IntN(30) == 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()[:n]
}

// one gives one of several secrets that fill a line.
func one(rng *rand.Rand) string {
	switch rng.IntN(7) {
	case 0:
		return awsKey(rng)
	case 1:
		return githubToken(rng)
	case 2:
		return slackToken(rng)
	case 3:
		return jwt(rng)
	case 4:
		return genericKey(rng)
	case 5:
		return privateKey(rng, 2+rng.IntN(30), "\n")
	}
	return "value: " + encodings[rng.IntN(len(encodings))].encode("x = "+githubToken(rng)+" ")
}

// strewn gives about n bytes of prose with a secret every so many bytes.
func strewn(rng *rand.Rand, n, every int, blank bool) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(prose(rng, min(every, max(1, n-b.Len())), blank))
		b.WriteString("\n" + one(rng) + "\n")
	}
	return b.String()
}

func chunkSizedFiles(rng *rand.Rand) files {
	f := make(files)
	for _, size := range []int{100_000, 125_000, 125_001, 300_000} {
		for _, blank := range []bool{false, true} {
			f[fmt.Sprintf("%d-%t.txt", size, blank)] = strewn(rng, size, 7_000, blank)
		}
	}
	return f
}

func oneLineFiles(rng *rand.Rand) files {
	f := make(files)
	for _, size := range []int{20_000, 130_000, 260_000} {
		flat := strings.ReplaceAll(strewn(rng, size, 3_000, false), "\n", ";")
		f[fmt.Sprintf("app-%d.min.css", size)] = flat
		f[fmt.Sprintf("data-%d.json", size)] = `{"a":"` + flat + `"}` + "\n"
	}
	return f
}

// borderFiles put secrets at every distance from where chunks end: at 100,000
// bytes where a blank line stands, at 125,000 where none does.
func borderFiles(rng *rand.Rand) files {
	f := make(files)
	for i, at := range []int{-300, -120, -64, -40, -21, -20, -19, -10, -5, -1, 0, 1, 20, 100} {
		for j, border := range []int{100_000, 125_000} {
			secret := []string{awsKey(rng), "\n" + genericKey(rng) + "\n", privateKey(rng, 8, "\n")}[(i+j)%3]
			before := strings.ReplaceAll(prose(rng, border+at-1, false), "\n\n", " \n")
			sep := []string{"\n", " "}[i/3%2]
			f[fmt.Sprintf("b%d/%d.txt", border, i)] = before + sep + secret + sep + prose(rng, 2_000, j == 0)
		}
	}
	return f
}

func lineEndings(rng *rand.Rand) files {
	f := make(files)
	text := strewn(rng, 6_000, 300, true)
	f["lf.txt"] = text
	f["crlf.txt"] = strings.ReplaceAll(text, "\n", "\r\n")
	f["cr.txt"] = strings.ReplaceAll(text, "\n", "\r")
	f["leading.txt"] = "\n\n\n" + awsKey(rng) + "\n\n" + genericKey(rng)
	f["none.txt"] = githubToken(rng)
	f["one.txt"] = githubToken(rng) + "\n"
	f["spaces.txt"] = " \t" + awsKey(rng) + "\t \n\t\n" + slackToken(rng) + " \n"
	f["crlf-key.txt"] = "x\r\n" + privateKey(rng, 20, "\r\n") + "y\r\n"
	f["long-crlf.txt"] = strings.ReplaceAll(strewn(rng, 220_000, 9_000, true), "\n", "\r\n")
	return f
}

func randomBytes(rng *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.UintN(256))
	}
	return string(b)
}

func binaryFiles(rng *rand.Rand) files {
	mix := func(head string) string {
		var b strings.Builder
		b.WriteString(head)
		for range 12 {
			b.WriteString(randomBytes(rng, 200) + "\x00" + one(rng) + "\x00\n")
		}
		return b.String()
	}
	return files{
		"plain.dat":    mix("\x00\x01\x02"),
		"later.dat":    mix("text first, then bytes\n"),
		"program":      mix("\x7fELF\x02\x01\x01\x00"),
		"picture.data": mix("\x89PNG\r\n\x1a\n"),
		"sound.data":   mix("ID3\x04\x00"),
		"photo.data":   mix("\xff\xd8\xff\xe0"),
		"base.sqlite":  mix("SQLite format 3\x00"),
		"module":       mix("\x00asm\x01\x00\x00\x00"),
		"picture.png":  mix("\x89PNG\r\n\x1a\n"),
		"nul.txt":      strings.Repeat("\x00", 500) + awsKey(rng) + strings.Repeat("\x00", 500),
		"large.dat":    mix("\x00") + randomBytes(rng, 150_000) + mix("\x00"),
	}
}

func utf16Of(s string, little, mark bool) string {
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		if little {
			b = append(b, byte(u), byte(u>>8))
		} else {
			b = append(b, byte(u>>8), byte(u))
		}
	}
	return string(b)
}

func otherEncodings(rng *rand.Rand) files {
	text := strewn(rng, 3_000, 200, true)
	return files{
		"plain.txt":   text,
		"mark.txt":    "\ufeff" + text,
		"le.txt":      utf16Of(text, true, true),
		"be.txt":      utf16Of(text, false, true),
		"le-bare.txt": utf16Of(text, true, false),
		"be-bare.txt": utf16Of(text, false, false),
		"latin1.txt":  strings.ReplaceAll(text, "the", "th\xe9"),
	}
}

func invalidText(rng *rand.Rand) files {
	f := make(files)
	for i := range 40 {
		var b strings.Builder
		for range 10 {
			s := one(rng)
			at := rng.IntN(len(s))
			bad := []string{"\xff", "\xc3", "\xe2\x82", "\xf0\x9f", "\x80", "é", "\u2028", "\ufffd", "\xed\xa0\x80"}[rng.IntN(9)]
			switch rng.IntN(3) {
			case 0:
				s = bad + s + bad
			case 1:
				s = s[:at] + bad + s[at:]
			}
			b.WriteString(s + []string{"\n", bad, bad + "\n"}[rng.IntN(3)])
		}
		f[fmt.Sprintf("%d.txt", i)] = b.String()
	}
	return f
}

// foldedLetters are those that Unicode takes for a k, an s or an i.
func foldedLetters(rng *rand.Rand) files {
	f := make(files)
	for i, to := range []string{"\u212a", "\u017f", "\u0130", "\u0131", "\u1e9e"} {
		var b strings.Builder
		for range 12 {
			s := one(rng)
			for _, letter := range []string{"k", "K", "s", "S", "i", "I"} {
				if rng.IntN(2) == 0 {
					s = strings.Replace(s, letter, to, 1)
				}
			}
			b.WriteString(to + " " + s + "\n")
		}
		b.WriteString("api_" + to + `ey = "` + word(rng, 32) + "\"\n")
		b.WriteString("client_" + to + `ecret = "` + word(rng, 32) + "\"\n")
		b.WriteString(awsKey(rng) + "\n" + genericKey(rng) + "\n")
		f[fmt.Sprintf("%d.txt", i)] = b.String()
	}
	return f
}

const allow = "gitleaks:" + "allow"

func allowComments(rng *rand.Rand) files {
	f := make(files)
	for i := range 20 {
		var b strings.Builder
		for range 12 {
			s := strings.TrimSuffix(one(rng), "\n")
			switch rng.IntN(6) {
			case 0:
				s += " // " + allow
			case 1:
				s = "# " + allow + " " + s
			case 2:
				s = "# " + allow + "\n" + s
			case 3:
				s = genericKey(rng) + " " + githubToken(rng) + " # " + allow
			case 4:
				s = `token_key = "` + githubToken(rng) + `" # ` + allow
			}
			b.WriteString(s + "\n")
		}
		f[fmt.Sprintf("%d.txt", i)] = b.String()
	}
	f["border.txt"] = prose(rng, 124_990, false) + "\n" + awsKey(rng) + " # " + allow + "\n" + githubToken(rng) + "\n"
	f["one-line.txt"] = awsKey(rng) + " " + strings.ReplaceAll(prose(rng, 130_000, false), "\n", " ") + " " + allow + " " + githubToken(rng)
	return f
}

func archiveNames(rng *rand.Rand) files {
	f := files{"plain.txt": githubToken(rng) + "\n"}
	for _, name := range []string{
		"a.browser.js", "b.gzip.md", "c.tar", "d.zip", "e.tar.gz.txt", "f.s2", "g.xz", "h.zst", "i.7z", "j.rar", "k.bz2.log",
		"l.br", "m.lz4", "n.sz", "o.zz", "p.targets", "q.zipper.go", "r.gz", "s.tgz", "t.mz", "u.lz", "brotli.txt",
	} {
		f["names/"+name] = githubToken(rng) + "\n" + awsKey(rng) + "\n"
	}
	f["folder.zip/x.txt"] = githubToken(rng)
	return f
}

func magicFiles(rng *rand.Rand) files {
	f := files{"plain.txt": githubToken(rng) + "\n"}
	heads := files{"mz": "MZ", "ps": "%!PS", "pdf": "%PDF", "rtf": `{\rtf`}
	for _, name := range sorted(heads) {
		head := heads[name]
		f[name+".txt"] = head + " is how it begins\n" + awsKey(rng) + "\n" + githubToken(rng) + "\n"
		f[name+"-line.txt"] = strings.ReplaceAll(prose(rng, 125_000, false), "\n", " ") + head + " " + githubToken(rng)
	}
	return f
}

func allowedPaths(rng *rand.Rand) files {
	f := files{"plain.txt": githubToken(rng) + "\n"}
	for _, path := range []string{
		"node_modules/p/index.js", "src/node_modules/p.js", "Node_Modules/p.js", "xnode_modules/p.js", "go.sum", "sub/go.mod",
		"vendor/github.com/a/b.go", "vendor/other/b.go", "vendor/modules.txt", "package-lock.json", "a/yarn.lock", "gradlew",
		"x.svg", "X.PNG", "doc.pdf", "a.bin", "a.exe", "b.gem", "lib/python3.11/x.py", "env/lib/x.py", "venv/lib64/site/x.py",
		"jquery.min.js", "bootstrap-4.js.map", "gitleaks.toml", ".gitleaks.toml.txt", "pkg-1.0.dist-info/METADATA", "javascript.json",
		"verification-metadata.xml", "Pipfile.lock", "swagger-ui.js", "main.gemspec", "a.v2", "a.suo", "bower_components/x",
	} {
		f[path] = githubToken(rng) + "\n"
	}
	return f
}

func nestedEncodings(rng *rand.Rand) files {
	f := make(files)
	for i := range 30 {
		var b strings.Builder
		for range 6 {
			s := "key = " + []string{githubToken(rng), awsKey(rng), genericKey(rng), slackToken(rng)}[rng.IntN(4)] + " "
			for range 1 + rng.IntN(7) {
				s = encodings[rng.IntN(len(encodings))].encode(s)
				if rng.IntN(3) == 0 {
					s = word(rng, rng.IntN(9)) + " " + s
				}
				if len(s) > 30_000 {
					break
				}
			}
			b.WriteString("v: " + s + "\n")
		}
		f[fmt.Sprintf("%d.txt", i)] = b.String()
	}
	for i := range 12 {
		f[fmt.Sprintf("touching/%d.txt", i)] = awsKey(rng) + "%20" + awsKey(rng) + "%20x\n" + percent("a") + githubToken(rng) +
			percent("\n") + "\n" + hexOf("some text of "+word(rng, 9)) + " " + genericKey(rng) + "\n"
	}
	return f
}

func genericBesideSpecific(rng *rand.Rand) files {
	var b strings.Builder
	for range 60 {
		b.WriteString("api_key = \"" + githubToken(rng) + "\"\n")
		b.WriteString("secret: " + slackToken(rng) + " token = \"" + word(rng, 30) + "\"\n")
		b.WriteString("password = \"" + awsKey(rng) + "\"\naws_secret=\"" + from(rng, 40, letters+"0123456789/+") + "\"\n")
	}
	text := b.String()
	return files{"lines.txt": text, "one.txt": strings.ReplaceAll(text, "\n", "; ")}
}

func pathRuleFiles(rng *rand.Rand) files {
	return files{
		"key.p12": "text\n", "b/key.pfx": prose(rng, 300_000, false), "bin.p12": "0\x82" + randomBytes(rng, 150_000),
		"key.p12.txt": "text\n", "KEY.P12": "text\n", "empty.p12": "", "node_modules/key.p12": "text\n", "k.p12/x.txt": githubToken(rng),
	}
}

func pointers(rng *rand.Rand) files {
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:" + from(rng, 64, "0123456789abcdef") + "\nsize 12345\n"
	return files{
		"pointer.dat": pointer, "pointer.txt": pointer + githubToken(rng) + "\n", "empty.txt": "", "newline.txt": "\n",
		"plain.txt": githubToken(rng),
	}
}

func privateKeys(rng *rand.Rand) files {
	f := make(files)
	for i, lines := range []int{1, 2, 5, 25, 50, 100, 400} {
		f[fmt.Sprintf("k%d.pem", i)] = privateKey(rng, lines, "\n")
		f[fmt.Sprintf("k%d.txt", i)] = "a\n" + privateKey(rng, lines, "\n\n") + privateKey(rng, lines, "\r\n") + "b"
		f[fmt.Sprintf("k%d.json", i)] = `{"private_key": "` + strings.ReplaceAll(privateKey(rng, lines, "\n"), "\n", `\n`) + `"}`
		f[fmt.Sprintf("k%d.b64", i)] = base64Of(privateKey(rng, lines, "\n"))
		f[fmt.Sprintf("border%d.pem", i)] = prose(rng, 125_000-32*lines, false) + "\n" + privateKey(rng, lines, "\n") + prose(rng, 500, true)
	}
	f["open.pem"] = "-----BEGIN " + "PRIVATE KEY-----\n" + word(rng, 3000)
	f["two.pem"] = privateKey(rng, 10, "\n") + privateKey(rng, 10, "\n")
	return f
}

func TestLinksFindWhatGitleaksFinds(t *testing.T) {
	t.Parallel()
	rng := seeded(2)
	dir := files{"real.txt": githubToken(rng), "sub/x.txt": awsKey(rng)}.write(t, t.TempDir())
	for name, to := range map[string]string{"link.txt": "real.txt", "folder": "sub", "loop": ".", "gone": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	compareTree(t, "symbolic links", dir, settings{})
}
