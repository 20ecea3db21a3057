package cloud

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/web"
)

// amazonKeys sign requests. Without an id there are none, and of says where they were
// looked for.
type amazonKeys struct{ id, secret, session, of string }

// noAmazon is what is told where nothing is found.
const noAmazon = "no identity of AWS is in AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, ~/.aws/credentials or AWS_CONTAINER_CREDENTIALS_FULL_URI, and "

// amazonKeys finds the keys in the order in which Amazon's SDKs look.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
func (k *Keychain) amazonKeys(ctx context.Context, p place) (amazonKeys, error) {
	for _, find := range []func(context.Context, place) (amazonKeys, error){
		k.variables, k.webIdentity, k.profile, k.container, k.instance,
	} {
		keys, err := find(ctx, p)
		if err != nil || keys != (amazonKeys{}) {
			return keys, err
		}
	}
	return amazonKeys{of: noAmazon + "this machine is none of Amazon's"}, nil
}

// variables are what aws-actions/configure-aws-credentials sets.
func (k *Keychain) variables(context.Context, place) (amazonKeys, error) {
	v, err := k.settings("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
	if err != nil {
		return amazonKeys{}, at("AWS", err)
	}
	keys := amazonKeys{v["AWS_ACCESS_KEY_ID"], v["AWS_SECRET_ACCESS_KEY"], v["AWS_SESSION_TOKEN"], "AWS_ACCESS_KEY_ID"}
	switch {
	case keys.id == "" && keys.secret == "":
		return amazonKeys{}, nil
	case keys.id == "":
		return amazonKeys{}, faultf("AWS: AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not")
	case keys.secret == "":
		return amazonKeys{}, faultf("AWS: AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not")
	}
	return keys, nil
}

// webIdentity trades a token of somebody else's, as a cluster's or a job's, for keys.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
func (k *Keychain) webIdentity(ctx context.Context, p place) (amazonKeys, error) {
	if k.getenv("AWS_WEB_IDENTITY_TOKEN_FILE") == "" {
		return amazonKeys{}, nil
	}
	const step = "AWS: AssumeRoleWithWebIdentity with AWS_WEB_IDENTITY_TOKEN_FILE"
	v, err := k.settings("AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME")
	if err != nil {
		return amazonKeys{}, at("AWS", err)
	}
	if v["AWS_ROLE_ARN"] == "" {
		return amazonKeys{}, faultf("AWS: AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not")
	}
	token, err := k.tokenFile("AWS_WEB_IDENTITY_TOKEN_FILE")
	if err != nil {
		return amazonKeys{}, at("AWS", err)
	}
	host := "sts." + k.region(p) + "." + p.suffix
	data, err := k.requests.form(ctx, "https://"+host+"/", url.Values{
		"Action":           {"AssumeRoleWithWebIdentity"},
		"Version":          {"2011-06-15"},
		"RoleArn":          {v["AWS_ROLE_ARN"]},
		"RoleSessionName":  {cmp.Or(v["AWS_ROLE_SESSION_NAME"], "boltseal")},
		"WebIdentityToken": {token},
	})
	if err != nil {
		return amazonKeys{}, at(step, err)
	}
	keys, err := assumed(data)
	if err != nil {
		return amazonKeys{}, at(step, err)
	}
	keys.of = "AWS_WEB_IDENTITY_TOKEN_FILE"
	return keys, nil
}

// assumed reads the keys in an answer of STS, which is XML, or JSON where that is asked for.
func assumed(data []byte) (amazonKeys, error) {
	type credentials struct {
		AccessKeyID     string `json:"AccessKeyId" xml:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
	}
	var page struct {
		Given credentials `xml:"AssumeRoleWithWebIdentityResult>Credentials"`
	}
	var doc struct {
		AssumeRoleWithWebIdentityResponse struct {
			AssumeRoleWithWebIdentityResult struct{ Credentials credentials }
		}
	}
	given := &doc.AssumeRoleWithWebIdentityResponse.AssumeRoleWithWebIdentityResult.Credentials
	err := document(data, &doc)
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		err, given = xml.Unmarshal(data, &page), &page.Given
	}
	keys := amazonKeys{given.AccessKeyID, given.SecretAccessKey, given.SessionToken, ""}
	if err != nil || !keys.whole() {
		return amazonKeys{}, faultf("its answer holds no keys")
	}
	return keys, nil
}

// whole says that keys can be used; a session is not always one's.
func (a amazonKeys) whole() bool {
	return isClean(a.id) && isClean(a.secret) && (a.session == "" || isClean(a.session))
}

// regionForm is checked before a region becomes a part of a host's name.
var regionForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z]{2}(-[a-z]+){1,3}-[0-9]{1,2}$`) })

// region is where STS is asked: where the job says, else where the registry is. Regions
// of other partitions know nothing of this one's roles.
func (k *Keychain) region(p place) string {
	said := cmp.Or(k.getenv("AWS_REGION"), k.getenv("AWS_DEFAULT_REGION"))
	if regionForm().MatchString(said) && partition(said) == partition(p.region) {
		return said
	}
	return p.region
}

func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

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

// container asks what answers for a container on ECS or EKS.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
func (k *Keychain) container(ctx context.Context, _ place) (amazonKeys, error) {
	variable, address := "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ""
	if path := k.getenv(variable); path != "" {
		address = "http://" + ecsHost + "/" + strings.TrimPrefix(path, "/")
	} else {
		variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
		address = k.getenv(variable)
	}
	if address == "" {
		return amazonKeys{}, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil || !mayAnswer(u) {
		return amazonKeys{}, faultf("AWS: %s names neither https nor an address of this machine, of ECS or of EKS", variable)
	}
	header := http.Header{"Accept": {"application/json"}}
	if err := k.authorize(header); err != nil {
		return amazonKeys{}, at("AWS", err)
	}
	data, err := k.requests.ask(ctx, http.MethodGet, u.String(), header, nil)
	if err != nil {
		return amazonKeys{}, at("AWS: credentials by "+variable, err)
	}
	keys, err := served(data)
	if err != nil {
		return amazonKeys{}, at("AWS: credentials by "+variable, err)
	}
	keys.of = variable
	return keys, nil
}

// mayAnswer says who may be asked for a container's keys. A name is not looked up: what
// it stands for can change between then and the request.
func mayAnswer(u *url.URL) bool {
	switch u.Scheme {
	case "https":
		return u.Hostname() != ""
	case "http":
		switch u.Host {
		case ecsHost, eksHost, "[fd00:ec2::23]":
			return true
		}
		return web.IsLoopback(u.Hostname())
	}
	return false
}

// authorize puts on what the variables say; the file goes before the value. Either can be
// a scheme, a space and a token.
func (k *Keychain) authorize(header http.Header) error {
	variable := "AWS_CONTAINER_AUTHORIZATION_TOKEN"
	token := k.getenv(variable)
	if path := k.getenv(variable + "_FILE"); path != "" {
		variable = "the file of " + variable + "_FILE"
		data, err := readSmall(path)
		if err != nil {
			return at(variable, err)
		}
		token = strings.TrimSpace(string(data))
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r < ' ' || r > '~' }) {
		return faultf("%s holds a line break, or another character that it cannot have", variable)
	}
	if token != "" {
		header.Set("Authorization", token)
	}
	return nil
}

// served reads the keys as metadata servers give them.
func served(data []byte) (amazonKeys, error) {
	var doc struct {
		Code            string
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Token           string
	}
	if err := document(data, &doc); err != nil {
		return amazonKeys{}, err
	}
	keys := amazonKeys{doc.AccessKeyID, doc.SecretAccessKey, doc.Token, ""}
	if !keys.whole() || (doc.Code != "" && doc.Code != "Success") {
		return amazonKeys{}, faultf("its answer holds no keys")
	}
	return keys, nil
}

// instance asks the metadata server of EC2 for the machine's role, by a token as its
// second version demands.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
func (k *Keychain) instance(ctx context.Context, _ place) (amazonKeys, error) {
	if !k.mayBe(amazon) || strings.EqualFold(k.getenv("AWS_EC2_METADATA_DISABLED"), "true") {
		return amazonKeys{}, nil
	}
	ctx, cancel := metadataTime(ctx)
	defer cancel()
	const roles = "http://" + metadataHost + "/latest/meta-data/iam/security-credentials/"
	header, role, err := k.role(ctx, roles)
	if errors.Is(err, context.Canceled) {
		return amazonKeys{}, err
	}
	if err != nil {
		// In a container the answer may not come as far: see HttpPutResponseHopLimit.
		return amazonKeys{of: noAmazon + "this machine has no role to give (" + err.Error() + ")"}, nil
	}
	data, err := k.requests.ask(ctx, http.MethodGet, roles+url.PathEscape(role), header, nil)
	if err != nil {
		return amazonKeys{}, at("AWS: the keys of this machine's role", err)
	}
	keys, err := served(data)
	if err != nil {
		return amazonKeys{}, at("AWS: the keys of this machine's role", err)
	}
	keys.of = "this machine's role"
	return keys, nil
}

// role asks for the role's name, and gives what the next request is to bear.
func (k *Keychain) role(ctx context.Context, roles string) (http.Header, string, error) {
	token, err := k.requests.ask(ctx, http.MethodPut, "http://"+metadataHost+"/latest/api/token", http.Header{"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": {"300"}}, nil)
	if err != nil {
		return nil, "", err
	}
	if !isClean(string(token)) {
		return nil, "", faultf("%s gives no token", metadataHost)
	}
	header := http.Header{"X-Aws-Ec2-Metadata-Token": {string(token)}}
	data, err := k.requests.ask(ctx, http.MethodGet, roles, header, nil)
	if err != nil {
		return nil, "", err
	}
	role, _, _ := strings.Cut(strings.TrimSpace(string(data)), "\n")
	if !isClean(role) {
		return nil, "", faultf("%s names no role", metadataHost)
	}
	return header, role, nil
}

// metadataTime bounds what metadata servers are given together: one that is there answers
// at once.
func metadataTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, metadataLimit, faultf("gave no answer in %s", metadataLimit))
}
