// Package compliance says what findings mean for the controls of catalogues that
// auditors ask for. It is data and one pure function: a finding shows that a control is
// not kept; that one is kept is claimed only where a scan sees all that the control
// asks, which is seldom.
package compliance

import "github.com/boltseal/boltseal/internal/finding"

// Catalogue is a set of controls. Findings name one as "ID:control".
type Catalogue struct {
	ID    string
	Title string
	// Controls are those of which a scan of files and images can see something, and
	// their neighbours, so that nobody takes a gap for a pass. In the catalogue's order.
	Controls []Control
}

// Control is one control.
type Control struct {
	ID string
	// Title is the catalogue's own heading, or a paraphrase of it where that is long.
	Title string
	// Sights are kinds of findings that speak against the control, beside those of rules
	// that name it.
	Sights []Sight
	// Decider is the scanner that sees all that the control asks of an image; empty
	// where no scanner does.
	Decider string
	// Unseen says what a scan cannot know of it.
	Unseen string
}

// Sight is a kind of findings.
type Sight uint8

// The kinds.
const (
	// Vulnerable is a package with a known vulnerability; InImage one of an image.
	Vulnerable Sight = iota
	VulnerableInImage
	// Malicious is a package that is malware, of an image.
	Malicious
	// Secret is a secret in clear text; SecretInImage one of an image.
	Secret
	SecretInImage
)

// sees says whether a finding is of the kind.
func (s Sight) sees(f *finding.Finding) bool {
	image := f.Location.Image != ""
	advisory := f.Scanner == finding.Packages && f.Advisory != nil
	switch s {
	case Vulnerable:
		return advisory && !f.Advisory.Malware
	case VulnerableInImage:
		return advisory && !f.Advisory.Malware && image
	case Malicious:
		return advisory && f.Advisory.Malware && image
	case Secret:
		return f.Scanner == finding.Secrets
	case SecretInImage:
		return f.Scanner == finding.Secrets && image
	}
	return false
}

// What a scan cannot know, where several controls share it.
const (
	unseenHost     = "what runs, and how, is not in files and images"
	unseenProcess  = "how an organisation works is not in files and images"
	unseenRegistry = "how a registry is run and reached is not in files and images"
)

// Catalogues are all of them, in the order in which reports show them. Titles of CIS
// are those of its benchmark for Docker as docker-bench-security prints them, those of
// NIST the headings of section 4 of SP 800-190.
func Catalogues() []Catalogue {
	return []Catalogue{
		{"cis-docker-1.6", "CIS Docker Benchmark 1.6, section 4", cisDocker()},
		{"nist-800-190", "NIST SP 800-190, section 4", nist()},
		{"pci-dss-4", "PCI DSS 4.0, of requirements 6 and 8", pci()},
	}
}

func cisDocker() []Control {
	return []Control{
		{ID: "4.1", Title: "Ensure that a user for the container has been created", Decider: finding.ImageConfig, Unseen: "a container can be started as another user"},
		{ID: "4.2", Title: "Ensure that containers use only trusted base images", Unseen: "whom an organisation trusts, unless it names its registries"},
		{ID: "4.3", Title: "Ensure that unnecessary packages are not installed in the container", Unseen: "what an application needs"},
		{ID: "4.4", Title: "Ensure images are scanned and rebuilt to include security patches", Sights: []Sight{VulnerableInImage}, Unseen: "whether images are rebuilt, and when"},
		{ID: "4.5", Title: "Ensure Content trust for Docker is Enabled", Unseen: unseenHost},
		{ID: "4.6", Title: "Ensure that HEALTHCHECK instructions have been added to container images", Decider: finding.ImageConfig, Unseen: "whether the check tells anything"},
		{ID: "4.7", Title: "Ensure update instructions are not used alone in Dockerfiles", Unseen: "what scripts do that a Dockerfile runs"},
		{ID: "4.8", Title: "Ensure setuid and setgid permissions are removed", Unseen: "whether those of the distribution's own programs are needed: they are not reported"},
		{ID: "4.9", Title: "Ensure that COPY is used instead of ADD in Dockerfiles", Unseen: "ADD of an archive is not reported"},
		{ID: "4.10", Title: "Ensure secrets are not stored in Dockerfiles", Sights: []Sight{SecretInImage}, Unseen: "a secret that looks like none"},
		{ID: "4.11", Title: "Ensure only verified packages are installed", Unseen: "what scripts do that a Dockerfile runs"},
		{ID: "4.12", Title: "Ensure all signed artifacts are validated", Unseen: unseenProcess},
	}
}

func nist() []Control {
	return []Control{
		{ID: "4.1.1", Title: "Image vulnerabilities", Sights: []Sight{VulnerableInImage}, Unseen: "vulnerabilities that nobody has published"},
		{ID: "4.1.2", Title: "Image configuration defects", Unseen: "the settings of applications"},
		{ID: "4.1.3", Title: "Embedded malware", Sights: []Sight{Malicious}, Unseen: "malware that is no published package: contents are not looked at for it"},
		{ID: "4.1.4", Title: "Embedded clear text secrets", Sights: []Sight{SecretInImage}, Unseen: "a secret that looks like none"},
		{ID: "4.1.5", Title: "Use of untrusted images", Unseen: "whom an organisation trusts, unless it names its registries"},
		{ID: "4.2.1", Title: "Insecure connections to registries", Unseen: unseenRegistry},
		{ID: "4.2.2", Title: "Stale images in registries", Unseen: unseenRegistry},
		{ID: "4.2.3", Title: "Insufficient authentication and authorization restrictions", Unseen: unseenRegistry},
		{ID: "4.4.1", Title: "Vulnerabilities within the runtime software", Unseen: unseenHost},
		{ID: "4.4.2", Title: "Unbounded network access from containers", Unseen: unseenHost},
		{ID: "4.4.3", Title: "Insecure container runtime configurations", Unseen: unseenHost},
		{ID: "4.4.4", Title: "App vulnerabilities", Unseen: unseenHost},
		{ID: "4.4.5", Title: "Rogue containers", Unseen: unseenHost},
	}
}

func pci() []Control {
	return []Control{
		{ID: "6.3.2", Title: "Inventory of custom software and of third-party components in it", Unseen: unseenProcess + "; boltseal sbom lists the components"},
		{ID: "6.3.3", Title: "Known vulnerabilities are mended by applicable patches and updates", Sights: []Sight{Vulnerable}, Unseen: "what is not among the targets, and when patches were installed"},
		{ID: "8.6.2", Title: "Passwords of accounts that can log in are not hard coded", Sights: []Sight{Secret}, Unseen: "a password that looks like none, and what an account may do"},
	}
}
