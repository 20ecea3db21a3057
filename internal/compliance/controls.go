// Package compliance says what findings mean for the controls of catalogues that
// auditors ask for. It is data and one pure function: a finding shows that a control is
// not kept; that one is kept is claimed only where a scan sees all that the control
// asks, which is seldom.
package compliance

import (
	"slices"

	"github.com/boltseal/boltseal/internal/finding"
)

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
	unseenSystems  = "which systems hold health information, and what they do, is not in files and images"
)

// Catalogues are all of them, in the order in which reports show them. Titles of CIS
// are those of its benchmark for Docker as docker-bench-security prints them, those of
// NIST the headings of section 4 of SP 800-190, those of HIPAA the headings of the rule.
func Catalogues() []Catalogue {
	return []Catalogue{
		{"cis-docker-1.6", "CIS Docker Benchmark 1.6, sections 4 and 5", slices.Concat(cisDocker(), cisRuntime())},
		{"nist-800-190", "NIST SP 800-190, section 4", nist()},
		{"pci-dss-4", "PCI DSS 4.0, of requirements 6, 8 and 11", pci()},
		{"hipaa", "HIPAA Security Rule, technical safeguards (45 CFR 164.312)", hipaa()},
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

// cisRuntime is section 5, of which files and images show little: what a container is
// started with is said elsewhere.
func cisRuntime() []Control {
	controls := []Control{
		{ID: "5.1", Title: "Ensure swarm mode is not Enabled, if not needed"},
		{ID: "5.2", Title: "Ensure that, if applicable, an AppArmor Profile is enabled"},
		{ID: "5.3", Title: "Ensure that, if applicable, SELinux security options are set"},
		{ID: "5.4", Title: "Ensure that Linux kernel capabilities are restricted within containers"},
		{ID: "5.5", Title: "Ensure that privileged containers are not used"},
		{ID: "5.6", Title: "Ensure sensitive host system directories are not mounted on containers"},
		{ID: "5.7", Title: "Ensure sshd is not run within containers", Unseen: "what is installed or started later"},
		{ID: "5.8", Title: "Ensure privileged ports are not mapped within containers"},
		{ID: "5.9", Title: "Ensure that only needed ports are open on the container"},
		{ID: "5.10", Title: "Ensure that the host's network namespace is not shared"},
		{ID: "5.11", Title: "Ensure that the memory usage for containers is limited"},
		{ID: "5.12", Title: "Ensure that CPU priority is set appropriately on containers"},
		{ID: "5.13", Title: "Ensure that the container's root filesystem is mounted as read only"},
		{ID: "5.14", Title: "Ensure that incoming container traffic is bound to a specific host interface"},
		{ID: "5.15", Title: "Ensure that the 'on-failure' container restart policy is set to '5'"},
		{ID: "5.16", Title: "Ensure that the host's process namespace is not shared"},
		{ID: "5.17", Title: "Ensure that the host's IPC namespace is not shared"},
		{ID: "5.18", Title: "Ensure that host devices are not directly exposed to containers"},
		{ID: "5.19", Title: "Ensure that the default ulimit is overwritten at runtime if needed"},
		{ID: "5.20", Title: "Ensure mount propagation mode is not set to shared"},
		{ID: "5.21", Title: "Ensure that the host's UTS namespace is not shared"},
		{ID: "5.22", Title: "Ensure the default seccomp profile is not Disabled"},
		{ID: "5.23", Title: "Ensure that docker exec commands are not used with the privileged option"},
		{ID: "5.24", Title: "Ensure that docker exec commands are not used with the user=root option"},
		{ID: "5.25", Title: "Ensure that cgroup usage is confirmed"},
		{ID: "5.26", Title: "Ensure that the container is restricted from acquiring additional privileges"},
		{ID: "5.27", Title: "Ensure that container health is checked at runtime"},
		{ID: "5.28", Title: "Ensure that Docker commands always make use of the latest version of their image"},
		{ID: "5.29", Title: "Ensure that the PIDs cgroup limit is used"},
		{ID: "5.30", Title: "Ensure that Docker's default bridge 'docker0' is not used"},
		{ID: "5.31", Title: "Ensure that the host's user namespaces are not shared"},
		{ID: "5.32", Title: "Ensure that the Docker socket is not mounted inside any containers", Unseen: "what a container is started with"},
	}
	for i := range controls {
		if controls[i].Unseen == "" {
			controls[i].Unseen = unseenHost
		}
	}
	return controls
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
		{ID: "4.3.1", Title: "Unbounded administrative access", Unseen: unseenHost},
		{ID: "4.3.2", Title: "Unauthorized access", Unseen: unseenHost},
		{ID: "4.3.3", Title: "Poorly separated inter-container network traffic", Unseen: unseenHost},
		{ID: "4.3.4", Title: "Mixing of workload sensitivity levels", Unseen: unseenHost},
		{ID: "4.3.5", Title: "Orchestrator node trust", Unseen: unseenHost},
		{ID: "4.4.1", Title: "Vulnerabilities within the runtime software", Unseen: unseenHost},
		{ID: "4.4.2", Title: "Unbounded network access from containers", Unseen: unseenHost},
		{ID: "4.4.3", Title: "Insecure container runtime configurations", Unseen: unseenHost},
		{ID: "4.4.4", Title: "App vulnerabilities", Unseen: unseenHost},
		{ID: "4.4.5", Title: "Rogue containers", Unseen: unseenHost},
		{ID: "4.5.1", Title: "Large attack surface", Unseen: unseenHost},
		{ID: "4.5.2", Title: "Shared kernel", Unseen: unseenHost},
		{ID: "4.5.3", Title: "Host OS component vulnerabilities", Unseen: unseenHost},
		{ID: "4.5.4", Title: "Improper user access rights", Unseen: unseenHost},
		{ID: "4.5.5", Title: "Host OS file system tampering", Unseen: unseenHost},
	}
}

func pci() []Control {
	return []Control{
		{ID: "6.2.4", Title: "Software engineering prevents or mitigates common attacks on custom software", Unseen: unseenProcess},
		{ID: "6.3.1", Title: "Security vulnerabilities are identified and managed", Unseen: unseenProcess},
		{ID: "6.3.2", Title: "Inventory of custom software and of third-party components in it", Unseen: unseenProcess + "; boltseal sbom lists the components"},
		{ID: "6.3.3", Title: "Known vulnerabilities are mended by applicable patches and updates", Sights: []Sight{Vulnerable}, Unseen: "what is not among the targets, and when patches were installed"},
		{ID: "8.3.2", Title: "Authentication factors are unreadable in transmission and storage, by strong cryptography", Sights: []Sight{Secret}, Unseen: "a secret that looks like none, and what is sent or stored elsewhere"},
		{ID: "8.6.2", Title: "Passwords of accounts that can log in are not hard coded", Sights: []Sight{Secret}, Unseen: "a password that looks like none, and what an account may do"},
		{ID: "11.3.1", Title: "Internal vulnerability scans are performed", Unseen: unseenProcess + ": a run is one scan, of what it names"},
		{ID: "11.3.1.1", Title: "Vulnerabilities that are neither high-risk nor critical are managed", Unseen: unseenProcess},
		{ID: "11.3.2", Title: "External vulnerability scans are performed", Unseen: unseenProcess},
	}
}

// hipaa is the whole of the section. Only a secret that anybody can read speaks against
// any of it: who has it passes for somebody else.
func hipaa() []Control {
	controls := []Control{
		{ID: "164.312(a)(1)", Title: "Access control"},
		{ID: "164.312(a)(2)(i)", Title: "Unique user identification"},
		{ID: "164.312(a)(2)(ii)", Title: "Emergency access procedure"},
		{ID: "164.312(a)(2)(iii)", Title: "Automatic logoff"},
		{ID: "164.312(a)(2)(iv)", Title: "Encryption and decryption"},
		{ID: "164.312(b)", Title: "Audit controls"},
		{ID: "164.312(c)(1)", Title: "Integrity"},
		{ID: "164.312(c)(2)", Title: "Mechanism to authenticate electronic protected health information"},
		{ID: "164.312(d)", Title: "Person or entity authentication", Sights: []Sight{Secret}},
		{ID: "164.312(e)(1)", Title: "Transmission security"},
		{ID: "164.312(e)(2)(i)", Title: "Integrity controls"},
		{ID: "164.312(e)(2)(ii)", Title: "Encryption"},
	}
	for i := range controls {
		controls[i].Unseen = unseenSystems
	}
	return controls
}
