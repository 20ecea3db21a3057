package cli_test

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
)

// drawTerminal draws what a terminal shows as an SVG: the prompt, then text with
// the escape sequences for colours that the table uses.
func drawTerminal(prompt, text string, columns int) string {
	const charWidth, lineHeight, margin = 8.4, 19, 16
	lines := strings.Split(prompt+"\n"+strings.TrimRight(text, "\n"), "\n")
	width := float64(columns)*charWidth + 2*margin
	height := len(lines)*lineHeight + 2*margin
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%d\" viewBox=\"0 0 %.0f %d\">\n", width, height, width, height)
	fmt.Fprintf(&b, "<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"#0d1117\"/>\n")
	b.WriteString("<g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,monospace\" font-size=\"14\" fill=\"#e6edf3\" xml:space=\"preserve\">\n")
	for i, line := range lines {
		y := margin + (i+1)*lineHeight - 5
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\">%s</text>\n", margin, y, spans(line))
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

var escape = regexp.MustCompile("\x1b\\[([0-9;]*)m")

var colors = map[string]string{
	"31": "#ff7b72", "32": "#3fb950", "33": "#d29922", "34": "#58a6ff", "35": "#d2a8ff", "36": "#39c5cf",
	"90": "#8b949e", "91": "#ffa198", "92": "#56d364", "93": "#e3b341",
}

// spans turns a line with escape sequences into tspans.
func spans(line string) string {
	var b strings.Builder
	style := ""
	rest := line
	for rest != "" {
		at := escape.FindStringSubmatchIndex(rest)
		piece := rest
		if at != nil {
			piece = rest[:at[0]]
		}
		if piece != "" {
			if style == "" {
				b.WriteString(escaped(piece))
			} else {
				fmt.Fprintf(&b, "<tspan%s>%s</tspan>", style, escaped(piece))
			}
		}
		if at == nil {
			break
		}
		style = styleOf(rest[at[2]:at[3]], style)
		rest = rest[at[1]:]
	}
	return b.String()
}

func styleOf(codes, style string) string {
	for code := range strings.SplitSeq(codes, ";") {
		switch {
		case code == "" || code == "0":
			style = ""
		case code == "1":
			style += " font-weight=\"bold\""
		case code == "2":
			style += " fill-opacity=\"0.65\""
		case colors[code] != "":
			style += fmt.Sprintf(" fill=\"%s\"", colors[code])
		}
	}
	return style
}

func escaped(s string) string {
	var b strings.Builder
	// A strings.Builder never fails.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
