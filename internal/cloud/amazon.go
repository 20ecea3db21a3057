package cloud

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"net/url"
	"regexp"
	"strings"
	"sync"
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
