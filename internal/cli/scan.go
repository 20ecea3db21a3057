package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/boltseal/boltseal/internal/cache"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scanner/dockerfile"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
	"github.com/boltseal/boltseal/internal/source/image"
	"github.com/boltseal/boltseal/internal/vulndb"
)

// scanOptions are what scan and ci have in common.
type scanOptions struct {
	policy      string
	scanners    []string
	failOn      string
	warnOnly    bool
	only        policy.Only
	noGitignore bool
	platform    string
	timeout     time.Duration
	db          string
	dbSources   []string
	dbMode      string
	cacheDir    string
	// archives is how many levels of archives are opened.
	archives int
	// shellcheck says who checks shell code: own, auto or the path of shellcheck.
	shellcheck string
	remoteOptions
	// baselineRun is the file of a run that images are compared with.
	baselineRun string
	// newFrom is the revision that the change under test starts from, policyFrom the
	// one at which policies are read; anchors are what becomes of both.
	newFrom, policyFrom string
	anchors             *anchors
	// dockerfiles are globs of files that are Dockerfiles as well.
	dockerfiles []string
	// Of scan alone: other tools' files by name, the commits of git: targets, and
	// whether what is staged is scanned instead of the tree.
	gitleaksConfig, gitleaksBaseline string
	hadolintConfig                   string
	commits                          []string
	staged                           bool
	// baseline is a file of known findings, vex are VEX documents, environment is where
	// what is scanned is to run.
	baseline string
	// noBaseline leaves the policy's alone.
	noBaseline  bool
	vex         []string
	environment string
	// rootFS says that folders are unpacked root file systems.
	rootFS bool
	// newFromImage is an image that those among the targets are compared with;
	// baseImages are those that they are built upon.
	newFromImage string
	baseImages   []string
	// trusted are the registries that images and their bases may come from.
	trusted []string
	// listOnly says that packages are only listed: no database is asked.
	listOnly bool
	// inChange says that a pull or merge request is under test: neither the cache nor
	// the ignore files of the checkout are believed.
	inChange bool
	// inJob says that a CI job scans, event what caused it, defaultBranch that it is
	// about the default branch itself.
	inJob bool
	// shard is "I/N" where several jobs share the run, which flags must be the same in.
	shard         string
	flags         *pflag.FlagSet
	event         policy.Event
	defaultBranch bool
}

// registerOnly makes the flags that narrow down what may block.
func (o *scanOptions) registerOnly(f *pflag.FlagSet) {
	f.BoolVar(&o.only.Fixed, "only-fixed", false, "warn of vulnerabilities that no version mends, instead of blocking; malware blocks still")
	f.BoolVar(&o.only.New, "only-new", false, "warn of what was there before, instead of blocking, where something is compared")
}

func (o *scanOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	o.flags = f
	f.StringVarP(&o.policy, "policy", "c", "", "policy file, instead of looking for .boltseal.yaml from the target upwards")
	f.StringSliceVar(&o.scanners, "scanners", nil, "only these scanners: "+strings.Join(gate.ScannerNames(), ","))
	f.StringVar(&o.failOn, "fail-on", "", "block what is at least this severe: critical, high, medium, low or info")
	f.BoolVar(&o.warnOnly, "warn-only", false, "exit 0 instead of 1; a scan that failed is still 3")
	o.registerOnly(f)
	f.BoolVar(&o.noGitignore, "no-gitignore", false, "scan untracked files that git ignores as well")
	f.StringVar(&o.platform, "platform", "", "of a multi-platform image only this one, as linux/arm64 (default: all)")
	f.DurationVar(&o.timeout, "timeout", 0, "give up after this time; what was not scanned by then is no verdict (default: none)")
	o.registerDatabase(cmd)
	f.IntVar(&o.archives, "max-archive-depth", 0, "how many levels of archives to look into for secrets; 0 leaves archives out")
	f.StringSliceVar(&o.dockerfiles, "dockerfile", nil, "glob of files that are Dockerfiles whatever they are called, as 'build/*.docker'; repeatable")
	f.StringVar(&o.shellcheck, "shellcheck", shellOwn, "who checks the shell code of Dockerfiles: own for boltseal's own checks, auto for shellcheck where it is on PATH, or its path; a program of the machine is run only when this allows it")
	f.StringVar(&o.baselineRun, "baseline-run", "", "run file of a push or schedule, as -f json writes it: what its images held is not new, by today's advisories")
	f.StringSliceVar(&o.vex, "vex", nil, "VEX document (OpenVEX, CSAF, CycloneDX) whose word counts; repeatable")
	f.StringVar(&o.environment, "environment", "", "where what is scanned is to run, for rules that ask")
	complete(cmd, "shellcheck", shellOwn, shellAuto)
	f.StringVar(&o.shard, "shard", "", "do the I-th of N parts only, as 2/5: other jobs do the rest, and boltseal merge joins their run files")
	o.remoteOptions.register(cmd)
	complete(cmd, "scanners", gate.ScannerNames()...)
	complete(cmd, "fail-on", "critical", "high", "medium", "low", "info")
}

// registerDatabase registers the flags that say which advisories count, and where they
// come from.
func (o *scanOptions) registerDatabase(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.db, "db", "", "built database (folder or .tar file), or folder or zip of OSV advisories; it is used as it is (default: one that is fetched when it is needed, and kept)")
	f.StringSliceVar(&o.dbSources, "db-source", nil, "where to fetch advisories from that are missing or too old: "+sourceHelp+", none to fetch nothing; repeatable (default osv)")
	f.StringVar(&o.dbMode, "db-mode", modeLocal, "local for a database, api to ask OSV's API instead, which is told the names and versions of the packages, or api:https://HOST/PATH for another one like it")
	complete(cmd, "db-mode", modeLocal, modeAPI)
	f.StringVar(&o.cacheDir, "cache-dir", "", "folder that keeps what was found in contents, and the advisories, for later runs (default: the user's cache for the advisories, none for the rest)")
}

// registerOwn registers the flags that a CI job has no use for, or may not set.
func (o *scanOptions) registerOwn(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.newFrom, "new-from", "", "tell what is new since this revision, and scan the commits that came since as well")
	f.StringVar(&o.newFrom, "new-from-merge-base", "", "the same, for the branch that the change is for")
	f.StringVar(&o.policyFrom, "policy-from", "", "read the policy and other tools' ignore files of this revision, not those of the checkout")
	f.BoolVar(&o.staged, "staged", false, "scan what is staged for the next commit instead of the folder")
	f.BoolVar(&o.rootFS, "rootfs", false, "take folders for unpacked root file systems, and look at them as at an image")
	f.StringVar(&o.newFromImage, "new-from-image", "", "compare images with this older one, as registry:app:1.0 or docker-archive:old.tar: what it has is not new")
	f.StringSliceVar(&o.baseImages, "base-image", nil, "image that images are built upon: packages and findings of layers that equal its own are the base's; repeatable (default: what FROM names, among the targets or in its registry)")
	f.StringSliceVar(&o.trusted, "trusted-registry", nil, "registry that images and their bases may come from, as ghcr.io or *.example.com; repeatable (default: any)")
	f.StringSliceVar(&o.commits, "commits", nil, "of git: targets only these commits, as main..HEAD (default: all)")
	f.StringVar(&o.gitleaksConfig, "gitleaks-config", "", "configuration of gitleaks, instead of looking for "+gitleaksConfig)
	f.StringVar(&o.gitleaksBaseline, "gitleaks-baseline", "", "report of gitleaks in JSON; what it lists is accepted")
	f.StringVar(&o.hadolintConfig, "hadolint-config", "", "configuration of hadolint, instead of looking for "+hadolintConfigs[0])
	f.StringVar(&o.baseline, "baseline", "", "file of known findings, which are not new: see boltseal baseline")
	cmd.MarkFlagsMutuallyExclusive("new-from", "new-from-merge-base", "staged", "rootfs")
}

func newScan(sys System, g *global) *cobra.Command {
	var o scanOptions
	var formats []string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "scan [TARGET...]",
		Short: "Scan targets and give one verdict",
		Long: `scan looks at every target with every scanner and judges what it finds by the
policy. Targets are folders (default: the current one), single files, "-" for a
Dockerfile on standard input, and images:

  git:PATH              the history of a repository: what every commit added
  docker-archive:FILE   what docker save or podman save wrote
  oci-archive:FILE      a tar of an OCI image layout
  oci-dir:PATH          an OCI image layout
  docker:IMAGE          an image of Docker's daemon, through its socket
  podman:IMAGE          one of Podman's
  registry:IMAGE        an image in its registry; layers are read as they come in
  dir:PATH --rootfs     an unpacked root file system
  sbom:FILE             a list of software: CycloneDX (JSON, XML), SPDX 2 (JSON, tag-value)

Without a scheme a folder is a folder, whatever it holds; a file is recognised by
its content. What is neither is an image where it has a tag, a digest or a host, as
app:1.0 or ghcr.io/acme/app: Docker is asked, then Podman, then the registry. A bare
word is no image: a mistyped folder must not fetch what a stranger has pushed.

Credentials are those of docker login: DOCKER_AUTH_CONFIG, Docker's or Podman's
configuration, and its helpers; on GitLab also the job's own token for CI_REGISTRY, in
GitHub Actions that for ghcr.io. ECR, Google's registries and ACR are told the identity
that the job or the machine has in that cloud, as the cloud's own tools find it.
Proxies are those of HTTPS_PROXY, HTTP_PROXY and NO_PROXY, daemons those of
DOCKER_HOST and CONTAINER_HOST, as unix://PATH.

Where an image is scanned beside the tree that it was built from, the image that FROM
names is looked up in its registry, for telling what came with the base; its layers
are not fetched. --offline and --base-image do without.

Other tools' own files .gitleaks.toml, .gitleaksignore, .hadolint.yaml, .trivyignore,
.trivyignore.yaml and osv-scanner.toml are read from the target's folder and the root
of its repository; hadolint's, as hadolint does, else from the home folder.`,
		Example: `  boltseal scan
  boltseal scan git:.
  boltseal scan --new-from origin/main
  boltseal scan --staged
  boltseal scan --db advisories . docker-archive:app.tar
  boltseal scan --platform linux/amd64 ghcr.io/acme/app:1.0
  boltseal scan -f table -f sarif=boltseal.sarif
  boltseal scan - < Dockerfile`,
		RunE: func(cmd *cobra.Command, args []string) error {
			sys := sys
			if quiet {
				sys = sys.withoutProgress()
			}
			log, err := g.begin(cmd, sys)
			if err != nil {
				return err
			}
			outputs, err := parseFormats(formats)
			if err != nil {
				return err
			}
			if o.shard != "" && slices.ContainsFunc(outputs, func(o output) bool { return o.format == "evidence" }) {
				return usage(fmt.Errorf("--shard: %w", report.ErrShard))
			}
			p, err := o.prepare(cmd.Context(), sys, log, args)
			if err != nil {
				return err
			}
			opt, err := p.reportOptions(sys, quiet)
			if err != nil {
				return err
			}
			defer p.close(sys)
			run := p.run(cmd.Context(), sys, log)
			p.writeFiles(sys, run, outputs, opt)
			return finish(sys, run, writeStdout(sys, run, outputs, opt))
		},
	}
	o.register(cmd)
	o.registerOwn(cmd)
	registerFormats(cmd, &formats, &quiet)
	withEnv(cmd.Flags())
	return cmd
}

// platform is os/architecture, maybe with a variant.
var platform = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$`)

// prepared is a scan that is ready to run: everything that can be wrong with the
// command line or the policy has been looked at.
type prepared struct {
	options  scanOptions
	targets  []target
	remote   image.Remote
	policies *policySet
	// older and bases are the images of --new-from-image and --base-image.
	older, bases []target
	scanners     []scan.Scanner
	database     vulndb.DB
	judging      gate.Judging
	// bound are the policies with their targets, once these are known; notices what
	// there is to say of the change under test.
	bound   []*policy.Policy
	notices []finding.Finding
	// part is what of the run is due here; nil for all. commit is the one that is
	// checked out, as far as that is known.
	part   *gate.Share
	commit string
	// stored is the run that images are compared with; nil for none.
	stored *storedRun
	// listed are lists of packages to match beside the targets, by the policies of the
	// first one.
	listed []scan.Source
	// baselines are known findings, in the order of the targets; nil for none.
	baselines []*gate.Baseline
	// read are the same, each once.
	read []knownText
	// unwritten are the files of reports that could not be written.
	unwritten []string
}

// prepare looks at everything that can be wrong before anything is scanned. The caller
// closes what it gives.
func (o scanOptions) prepare(ctx context.Context, sys System, log *slog.Logger, args []string) (*prepared, error) {
	if o.anchors == nil {
		o.anchors = &anchors{policyFrom: o.policyFrom, newFrom: o.newFrom}
	}
	p := &prepared{options: o}
	if err := p.prepare(ctx, sys, log, args); err != nil {
		return nil, errors.Join(err, o.anchors.close())
	}
	return p, nil
}

func (p *prepared) prepare(ctx context.Context, sys System, log *slog.Logger, args []string) error {
	o := p.options
	if len(args) == 0 {
		args = []string{"."}
	}
	for _, a := range args {
		t, err := parseTarget(a)
		if err != nil {
			return err
		}
		targets, err := o.targets(ctx, t)
		if err != nil {
			return err
		}
		p.targets = append(p.targets, targets...)
	}
	if err := o.check(p.targets); err != nil {
		return err
	}
	var err error
	if p.older, p.bases, err = o.otherImages(); err != nil {
		return err
	}
	if p.remote, err = o.remote(sys, slices.Concat(p.targets, p.older, p.bases)); err != nil {
		return err
	}
	if p.judging, err = o.judging(sys); err != nil {
		return err
	}
	if o.platform != "" && !platform.MatchString(o.platform) {
		return usage(fmt.Errorf("--platform: %q is none: write os/architecture, as linux/arm64", o.platform))
	}
	if o.timeout < 0 {
		return usage(fmt.Errorf("--timeout: %s is in the past", o.timeout))
	}
	for i, s := range o.scanners {
		o.scanners[i] = strings.TrimSpace(s)
		if err := knownScanner(o.scanners[i]); err != nil {
			return err
		}
	}
	if err := p.readPolicies(ctx, sys, log); err != nil {
		return err
	}
	if p.stored, err = o.storedRun(); err != nil {
		return err
	}
	if err := p.known(ctx, sys); err != nil {
		return err
	}
	if p.commit, err = p.head(ctx); err != nil {
		return noVerdict(err)
	}
	if p.part, err = p.share(sys); err != nil {
		return err
	}
	return p.build(ctx, sys, args)
}

// judging is what the flags say of how a run is judged.
func (o scanOptions) judging(sys System) (gate.Judging, error) {
	failOn, err := o.blocking()
	return gate.Judging{
		FailOn: failOn, WarnOnly: o.warnOnly, Only: o.only, Now: sys.now(),
		Event: o.event, Environment: o.environment, DefaultBranch: o.defaultBranch,
	}, err
}

// blocking reads --fail-on; nil where it is not given.
func (o scanOptions) blocking() (*finding.Severity, error) {
	if o.failOn == "" {
		return nil, nil //nolint:nilnil // documented
	}
	s, err := finding.ParseSeverity(o.failOn)
	if err != nil || s == finding.Unknown {
		return nil, usage(fmt.Errorf("--fail-on: unknown severity %q: use critical, high, medium, low or info", o.failOn))
	}
	return &s, nil
}

// targets are what is scanned for one that was typed: a folder's change is in its
// commits as well.
func (o scanOptions) targets(ctx context.Context, t target) ([]target, error) {
	switch {
	case t.scheme == "dir" && o.staged:
		t.scheme = "staged"
	case t.scheme == "dir" && o.rootFS:
		t.scheme = "rootfs"
	case t.scheme == "dir" && (o.newFrom != "" || o.inChange):
		a, err := o.anchors.of(ctx, t.dir())
		if err != nil {
			return nil, err
		}
		if a == nil || a.since == "" && !a.allNew {
			return []target{t}, nil
		}
		commits := t
		commits.scheme, commits.revs, commits.path, commits.change, commits.of = "git", a.revisions(), t.dir(), true, t.path
		return []target{t, commits}, nil
	case t.scheme == "git":
		t.revs = o.commits
	}
	return []target{t}, nil
}

// check refuses flags that no target heeds.
func (o scanOptions) check(targets []target) error {
	has := func(scheme string) bool {
		return slices.ContainsFunc(targets, func(t target) bool { return t.scheme == scheme })
	}
	switch {
	case o.archives < 0:
		return usage(fmt.Errorf("--max-archive-depth: %d is less than none", o.archives))
	case len(o.commits) > 0 && !has("git"):
		return usage(errors.New("--commits is for targets as git:PATH: there is none"))
	case o.staged && !has("staged"):
		return usage(errors.New("--staged is for folders: there is none among the targets"))
	case o.rootFS && !has("rootfs"):
		return usage(errors.New("--rootfs is for folders: there is none among the targets"))
	case o.newFrom != "" && !has("dir"):
		return usage(errors.New("--new-from is for folders: there is none among the targets"))
	case (o.newFromImage != "" || len(o.baseImages) > 0) && !slices.ContainsFunc(targets, target.isImage):
		return usage(errors.New("--new-from-image and --base-image are for images: there is none among the targets"))
	case slices.Contains(o.trusted, ""):
		return usage(errors.New("--trusted-registry: a name is empty: is a variable not set?"))
	case o.offline && has(image.SchemeRegistry):
		return usage(errors.New("--offline asks no registry, and a target is registry:IMAGE: save the image where there is a network and scan docker-archive:FILE or oci-archive:FILE"))
	}
	return nil
}

// build makes the scanners that were asked for, and what they need.
func (p *prepared) build(ctx context.Context, sys System, args []string) error {
	native, err := p.options.natives(ctx, p.targets)
	if err != nil {
		return err
	}
	c := gate.Config{Now: p.judging.Now, TrustedRegistries: p.options.trusted, TrustsBase: p.imageBases()}
	compare, err := p.options.hasher()
	if err != nil {
		return err
	}
	// Rules of the targets' own are for what is masked, too.
	if p.runs(finding.Secrets) || hasRules(native) {
		done := collecting(sys.Getenv, 200<<20, 300) // rules are kept, nearly all of it
		engine, err := secrets.New(secrets.Options{
			Hasher:       finding.Hasher{Key: []byte(sys.Getenv(envFingerprintKey))},
			Compare:      compare,
			Native:       native,
			ArchiveDepth: p.options.archives,
		})
		done()
		if err != nil {
			return usage(err)
		}
		c.Secrets, p.judging.Mask = engine, engine.Masker()
	} else {
		p.judging.Mask = secrets.NewMasker()
	}
	if p.runs(finding.Dockerfile) {
		if c.Dockerfile, err = p.dockerfiles(ctx, sys); err != nil {
			return err
		}
	}
	c.ListPackages = p.options.listOnly
	if p.runs(finding.Packages) && !p.options.listOnly {
		if c.Ignores, err = p.options.ignores(ctx, p.targets); err != nil {
			return err
		}
		db, noDB, err := p.openDatabase(sys, args)
		if wrong := (*exitError)(nil); errors.As(err, &wrong) {
			return err
		}
		// The other scanners' findings are not lost for a missing database.
		c.Database, p.database, c.NoDatabase, c.BadDatabase = db, db, noDB, err
	}
	if p.scanners, err = gate.Scanners(p.options.scanners, c); err != nil {
		return noVerdict(err)
	}
	return nil
}

// hasRules says whether a target brings rules of its own.
func hasRules(native map[string]secrets.Native) bool {
	for _, n := range native {
		if n.Config != nil {
			return true
		}
	}
	return false
}

// dockerfiles is what the linter knows of the targets.
func (p *prepared) dockerfiles(ctx context.Context, sys System) (dockerfile.Options, error) {
	files, err := policy.Dockerfiles(p.policies.loaded, p.options.dockerfiles)
	if err != nil {
		return dockerfile.Options{}, usage(fmt.Errorf("--dockerfile: %w", err))
	}
	checker, err := p.options.shellChecker(ctx)
	if err != nil {
		return dockerfile.Options{}, usage(err)
	}
	native, err := p.options.hadolints(ctx, sys, p.targets)
	return dockerfile.Options{Native: native, Files: files, ShellChecker: checker, Now: sys.now(), TrustsBase: p.treeBases()}, err
}

func knownScanner(name string) error {
	if slices.Contains(gate.ScannerNames(), name) {
		return nil
	}
	_, err := gate.Scanners([]string{name}, gate.Config{})
	return usage(err)
}

// thrifty has garbage collected earlier until the function that it gives is called:
// where git works, its processes take memory too. What GOGC says stands.
func thrifty() func() {
	const standard = 100
	before := debug.SetGCPercent(standard / 2)
	if before != standard {
		debug.SetGCPercent(before)
	}
	return func() { debug.SetGCPercent(before) }
}

// run scans and judges.
func (p *prepared) run(ctx context.Context, sys System, log *slog.Logger) *report.Run {
	if p.options.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, p.options.timeout, fmt.Errorf("timeout of %s reached", p.options.timeout))
		defer cancel()
	}
	if p.database != nil {
		defer p.database.Close() //nolint:errcheck // only read from
	}
	if slices.ContainsFunc(p.targets, func(t target) bool { return t.scheme == "git" }) {
		defer thrifty()()
	}
	req := gate.Request{
		Scanners: p.scanners, Database: p.database, Version: Version,
		Compare: make(map[string]*gate.Comparison), Heads: p.policies.heads, Notices: p.notices, Change: p.options.anchors.change(),
		InChange: p.options.inChange, Share: p.part, Commit: p.commit,
	}
	if p.options.cacheDir != "" {
		kept := cache.Open(p.options.cacheDir, cache.Options{NoRead: p.options.inChange})
		req.Options.Cache = kept
		defer func() {
			r := kept.Close()
			for _, n := range r.Notes {
				sys.warn("cache: %s", p.judging.Mask(n))
			}
			log.Debug("cache", "hits", r.Hits, "misses", r.Misses, "stored", r.Stored)
		}()
	}
	var names [][]string
	comparisons := make(map[string]*gate.Comparison) // by folder
	req.Baselines = make(map[string]*gate.Baseline)
	places := p.places()
	for i, t := range p.targets {
		if !p.opens(t, places[i], p.part) {
			names = append(names, []string{p.judging.Mask(t.name())})
			continue
		}
		a, compared := p.anchorOf(ctx, t, comparisons)
		opening := opening{noGitignore: p.options.noGitignore, platform: p.options.platform, remote: p.remote}
		if a != nil && t.change {
			opening.repo = a.repo
		}
		if a != nil && a.fetched && t.scheme == "dir" {
			opening.repo, opening.commit, opening.at = a.repo, a.head, a.at(t.path)
		}
		o := t.reach(ctx, sys, opening)
		for _, src := range o.sources {
			if p.part != nil {
				p.part.Places[src.Target().Name] = places[i]
			}
			if compared == nil {
				compared = p.stored.comparison(src.Target())
			}
			if compared != nil {
				req.Compare[src.Target().Name] = compared
			}
			if src.Target().Kind == scan.KindImage {
				compared = nil // the next one is another image
			}
		}
		req.Sources = append(req.Sources, o.sources...)
		req.Unopened = append(req.Unopened, o.failed...)
		masked := []string{p.judging.Mask(t.name())}
		for _, n := range o.names() {
			masked = append(masked, p.judging.Mask(n))
			if b := p.baselines[i]; b != nil {
				req.Baselines[n] = b
			}
		}
		slices.Sort(masked)
		masked = slices.Compact(masked)
		names = append(names, masked)
	}
	for _, l := range p.listed {
		req.Sources = append(req.Sources, l)
		names[0] = append(names[0], p.judging.Mask(l.Target().Name))
	}
	p.others(ctx, sys, &req)
	req.Untrusted, req.FindBase, req.Signed = p.options.inChange, p.findBase(), p.signed()
	p.judging.Policies = p.policies.bind(names)
	req.Judging = p.judging
	p.bound = p.judging.Policies
	progress, stop := sys.watch()
	req.Options.Progress = progress
	run := gate.Run(ctx, req)
	stop()
	p.judging.Failures = run.Judged.Failures // with those of the comparison
	for _, s := range run.Scans {
		log.Debug("scanned", "scanner", s.Scanner, "target", s.Target, "status", s.Status, "reason", s.Reason, "files", s.Files, "bytes", s.Bytes, "ms", s.DurationMS)
	}
	return run
}

// output is one report that was asked for.
type output struct {
	format string
	file   string // empty for standard output
}

func parseFormats(formats []string) ([]output, error) {
	if len(formats) == 0 {
		formats = []string{"table"}
	}
	var outputs []output
	for _, f := range formats {
		format, file, named := strings.Cut(f, "=")
		if !slices.Contains(report.Formats(), format) {
			return nil, usage(report.UnknownFormat(format))
		}
		if named && file == "" {
			return nil, usage(fmt.Errorf("--format %q names no file", f))
		}
		for _, o := range outputs {
			switch {
			case o.file == "" && file == "":
				return nil, usage(errors.New("two formats for standard output: write all but one as FORMAT=FILE"))
			case o.file != "" && file != "" && filepath.Clean(o.file) == filepath.Clean(file):
				return nil, usage(fmt.Errorf("two formats for the file %q", file))
			}
		}
		outputs = append(outputs, output{format, file})
	}
	return outputs, nil
}

// reportOptions knows the rules of the scanners that run.
func (p *prepared) reportOptions(sys System, quiet bool) (report.Options, error) {
	catalogue, err := gate.Catalogue(p.options.scanners...)
	if err != nil {
		return report.Options{}, noVerdict(err)
	}
	return report.Options{Catalogue: catalogue, Color: sys.color(), Width: sys.width(), Quiet: quiet}, nil
}

// writeFiles writes the reports that go to files, and gives those that are there
// now, by format. One that fails does not keep the others back; it takes the
// verdict away, so the run is judged again and the others are written anew.
func (p *prepared) writeFiles(sys System, run *report.Run, outputs []output, opt report.Options) map[string]string {
	opt.Color, opt.Width = false, 0
	for {
		written := make(map[string]string)
		bad := len(p.judging.Failures)
		for _, o := range outputs {
			if o.file == "" || slices.Contains(p.unwritten, o.file) {
				continue
			}
			err := writeFile(o.file, func(f *os.File) error { return report.Write(f, o.format, run, opt) })
			if err == nil {
				written[o.format] = filepath.ToSlash(o.file)
				continue
			}
			failure := fmt.Sprintf("writing report %s: %v", o.format, err)
			sys.warn("%s", p.judging.Mask(failure))
			p.unwritten = append(p.unwritten, o.file)
			p.judging.Failures = append(p.judging.Failures, failure)
		}
		if len(p.judging.Failures) == bad {
			return written
		}
		p.judging.Warnings = run.Judged.Warnings
		gate.Judge(run, p.judging)
	}
}

// writeStdout writes the report that goes to standard output, if there is one.
func writeStdout(sys System, run *report.Run, outputs []output, opt report.Options) error {
	for _, o := range outputs {
		if o.file == "" {
			if err := report.Write(sys.Stdout, o.format, run, opt); err != nil {
				return fmt.Errorf("writing report: %w", err)
			}
		}
	}
	return nil
}

// finish turns a run into an exit code. A report that did not reach standard output
// is no verdict, unless the policy blocks.
func finish(sys System, run *report.Run, stdout error) error {
	code := run.Verdict.ExitCode
	if stdout != nil {
		sys.warn("%v", stdout)
		if code == ExitPass {
			code = ExitNone
		}
	}
	if code == ExitPass {
		return nil
	}
	return &exitError{code: code}
}
