package builtfrom

import "slices"

// placed is a step of a chain of stages, with its lines.
type placed struct {
	step
	lines Lines
}

// chain is what a build of a stage does: the steps of the stages below it, and its
// own; false where they are too many.
func (r *Recipe) chain(stage int, work *int) ([]placed, bool) {
	order := []int{stage}
	for s := stage; r.Stages[s].Parent >= 0 && r.Stages[s].Parent < s; {
		s = r.Stages[s].Parent
		if *work -= stepWork; *work < 0 {
			return nil, false
		}
		order = append(order, s)
	}
	var all []placed
	for _, below := range slices.Backward(order) {
		steps := r.Stages[below].Steps
		if len(all)+len(steps) > maxSteps {
			return nil, false
		}
		for k := range steps {
			if *work -= stepWork + min(len(steps[k].Text), maxText); *work < 0 {
				return nil, false
			}
			all = append(all, placed{parseStep(&steps[k]), steps[k].Lines})
		}
	}
	return all, true
}

// align puts the steps of a stage beside a history, in order, so that most is
// explained: the longest common subsequence, by weight. It is false where too little
// is, or where the history goes on behind it: then it is an image's below.
func align(history []step, r *Recipe, stage int, work *int) (match, bool) {
	steps, ok := r.chain(stage, work)
	if !ok || len(steps) == 0 || len(history) == 0 {
		return match{}, false
	}
	sure, ok := compare(history, steps, work)
	if !ok {
		return match{}, false
	}
	n := len(history)
	sum := make([]float64, (len(steps)+1)*(n+1)) // of the steps from i on with the entries from h on
	at := func(i, h int) *float64 { return &sum[i*(n+1)+h] }
	for i := len(steps) - 1; i >= 0; i-- {
		for h := n - 1; h >= 0; h-- {
			best := max(*at(i+1, h), *at(i, h+1))
			if s := sure[i*n+h]; s > 0 {
				best = max(best, s*steps[i].weight()+*at(i+1, h+1))
			}
			*at(i, h) = best
		}
	}
	m := match{places: make(map[int]Place), first: n}
	total, last := 0.0, -1
	for i := range steps {
		total += steps[i].weight()
	}
	for i, h := 0, 0; i < len(steps) && h < n; {
		s := sure[i*n+h]
		switch {
		case *at(i, h) == *at(i, h+1): // of steps that are the same the last one counts
			h++
		case s > 0 && *at(i, h) == s*steps[i].weight()+*at(i+1, h+1):
			m.places[h] = Place{r.Path, steps[i].lines}
			m.first = min(m.first, h)
			last = h
			i, h = i+1, h+1
		default:
			i++
		}
	}
	return m, m.judge(history, *at(0, 0), total, last)
}

// judge scores what was found: what of the history it leaves unexplained behind its
// first entry counts against it.
func (m *match) judge(history []step, found, total float64, last int) bool {
	if last < 0 || found < enough*total {
		return false
	}
	against := 0.0
	for h := m.first; h < len(history); h++ {
		if _, explained := m.places[h]; !explained {
			against += history[h].weight()
		}
		if h > last && history[h].layer {
			return false
		}
	}
	m.score = found - against
	return m.score > 0 && found > 1
}

// compare says of each step and entry how surely they are the same; false when that
// would take too long.
func compare(history []step, steps []placed, work *int) ([]float64, bool) {
	if *work -= 16 * len(history) * len(steps); *work < 0 {
		return nil, false
	}
	sure := make([]float64, len(steps)*len(history))
	for i := range steps {
		for h := range history {
			if steps[i].keyword != history[h].keyword {
				continue
			}
			if *work -= len(history[h].text) + len(steps[i].text); *work < 0 {
				return nil, false
			}
			sure[i*len(history)+h] = steps[i].explains(&history[h])
		}
	}
	return sure, true
}
