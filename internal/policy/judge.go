package policy

import (
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

// Action is what a policy does about a finding. The empty action is none.
type Action string

// The actions, mildest first.
const (
	Suppress Action = "suppress" // accepted: an exception, with reason and expiry
	Note     Action = "note"
	Warn     Action = "warn"
	Block    Action = "block"
)

// Decision is what was decided about one finding, and by what.
type Decision struct {
	Action Action `json:"action"`
	// By names what decided: "rule lint", "default rule secrets", "exception 3",
	// "fail-on high".
	By string `json:"by"`
	// Reason is one line for people.
	Reason string `json:"reason,omitempty"`
	// Until is the last day on which the decision stands, "2026-12-01": of several
	// policies the first one whose own decision ends. Empty when time does not change it.
	Until string `json:"until,omitempty"`
	// VEX is what the exception that decided says of the vulnerability.
	VEX *Claim `json:"vex,omitempty"`
}

// Subject is a finding with what is known of it beside it.
type Subject struct {
	finding.Finding
	// New says whether the change under test brought it; nil when nothing was
	// compared, which counts as new.
	New *bool `json:"new,omitempty"`
}

// Scan is how one scanner ended on one target.
type Scan struct {
	Scanner string
	Target  string
	// Platform is that of an image, as "linux/amd64"; empty for other targets.
	Platform string
	Status   finding.Status
	Reason   string
}

// Input is everything that Judge looks at beside policies and the day.
type Input struct {
	Subjects []Subject
	Scans    []Scan
	// FailOn raises what is at least as severe to Block; nil raises nothing.
	FailOn *finding.Severity
	// WarnOnly turns the exit code of a blocked verdict into 0.
	WarnOnly bool
	// Only says what alone may block.
	Only Only
	// Failures are reasons for which there is no verdict whatever was found: a
	// source that could not be opened, a report that could not be written.
	Failures []string
	// Advisories are those that packages were compared with.
	Advisories []Advisories
	// Lists are KEV and EPSS; they count where a policy asks them.
	Lists []List
	// Warnings are reasons that change nothing: what the head's policy loosens, an
	// entry of the baseline that nothing matches.
	Warnings []string
	// Event is what caused the run; empty outside of CI.
	Event Event
	// Environment is where what was scanned is to run; empty where nobody said.
	Environment string
	// DefaultBranch says that the run is about the default branch itself, where an
	// exception that has expired blocks what was there before as well.
	DefaultBranch bool
	// Part says that other jobs scan the rest: that a scanner has not run here, or an
	// exception matched nothing, says nothing of the whole.
	Part bool

	// programs are shared by all that is judged with this input.
	programs celCache
}

// Only narrows down what may block; the zero value nothing.
type Only struct {
	// Fixed lets vulnerabilities pass that no version mends. Malware has none, and does
	// not pass.
	Fixed bool `json:"onlyFixed,omitempty"`
	// New lets pass what was there before the change, where that is known.
	New bool `json:"onlyNew,omitempty"`
}

// spares gives the flag that keeps a finding from blocking, and why; empty where none
// does.
func (o Only) spares(s *subject) (flag, reason string) {
	switch {
	case o.New && s.New != nil && !*s.New:
		return onlyNew, "it was there before"
	case o.Fixed && s.Advisory != nil && len(s.Advisory.Fixed) == 0 && !s.Advisory.Malware:
		return onlyFixed, "no version mends it"
	}
	return "", ""
}

// The flags of Only, as a decision names them.
const (
	onlyNew   = "only-new"
	onlyFixed = "only-fixed"
)

// Event is what caused a run.
type Event string

// The events: a pull or merge request or what is queued of one; a push, a tag or a
// run that somebody started; the clock.
const (
	Change   Event = "change"
	Push     Event = "push"
	Schedule Event = "schedule"
)

// VerdictStatus is the verdict in one word.
type VerdictStatus string

// The verdicts. None means that there is no verdict: something could not be
// scanned. It is never a pass.
const (
	Pass    VerdictStatus = "pass"
	Blocked VerdictStatus = "blocked"
	None    VerdictStatus = "none"
)

// Exit codes of a verdict; 2 (bad arguments or policy) never comes from one.
const (
	ExitPass    = 0
	ExitBlocked = 1
	ExitNone    = 3
)

// Verdict is the answer. Where findings block and something failed as well, the
// status is Blocked and the reasons name both.
type Verdict struct {
	Status     VerdictStatus `json:"status"`
	ExitCode   int           `json:"exitCode"`
	Blocked    int           `json:"blocked"`
	Warned     int           `json:"warned"`
	Noted      int           `json:"noted"`
	Suppressed int           `json:"suppressed"`
	// Reasons say why the status is not a plain pass, and what else is worth a
	// warning; in a fixed order.
	Reasons []string `json:"reasons,omitempty"`
}

// Judge decides about every finding and gives the verdict; decision i is about
// subject i. Each policy judges by itself: an exception or VEX statement that matches,
// else the first rule, else the built-in default's, and a scope may cap that. Of all
// policies the stricter action wins, and FailOn raises what is left. What an exception
// accepts, FailOn does not raise; what Only leaves out is a warning. Judge looks at
// nothing but its arguments, and of now at the day alone; where no policy applies to a
// target the built-in default judges.
func Judge(policies []*Policy, in Input, now time.Time) (Verdict, []Decision) {
	b := newBench(policies, &in, now)
	decisions := make([]Decision, len(in.Subjects))
	for i := range in.Subjects {
		s := newSubject(&in.Subjects[i], dayOf(now))
		_, decisions[i] = decide(b.covering(s), s, &in)
	}
	return verdict(b, in, decisions), decisions
}

// strictness orders actions.
func (a Action) strictness() int {
	switch a {
	case Block:
		return 4
	case Warn:
		return 3
	case Note:
		return 2
	case Suppress:
		return 1
	}
	return 0
}

// decide gives what the policies decide, as far as Only lets it block; the judge is nil
// where a flag changed that.
func decide(judges []*judge, s *subject, in *Input) (*judge, Decision) {
	by, d := decideByPolicies(judges, s, in.FailOn)
	if flag, reason := in.Only.spares(s); flag != "" && d.Action == Block {
		return nil, Decision{Action: Warn, By: flag, Reason: reason}
	}
	return by, d
}

// decideByPolicies lets every judge decide and takes the strictest, of equals the first;
// the judge is nil where FailOn raised that. What does not block stands only as long as
// every judge lets it: what another one accepts may block the day after.
func decideByPolicies(judges []*judge, s *subject, failOn *finding.Severity) (*judge, Decision) {
	if s.Scanner == finding.Policy {
		return nil, Decision{Action: Warn, By: "the gate", Reason: "what a change does to the gate itself is told"}
	}
	var d Decision
	var by *judge
	severity, until := finding.Unknown, ""
	for _, j := range judges {
		own := j.decide(s)
		if own.Action.strictness() > d.Action.strictness() {
			by, d = j, own
		}
		if own.Until != "" && (until == "" || own.Until < until) {
			until = own.Until
		}
		severity = max(severity, s.Severity.Known(j.unknown))
	}
	if failOn != nil && severity >= *failOn && (d.Action == Note || d.Action == Warn) {
		return nil, Decision{
			Action: Block,
			By:     "fail-on " + failOn.String(),
			Reason: "severity " + s.Severity.String() + " is at or above --fail-on " + failOn.String(),
		}
	}
	if d.Action != Block {
		d.Until = until
	}
	return by, d
}
