package cloud

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/boltseal/boltseal/internal/web"
)

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
