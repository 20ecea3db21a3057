package ci

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOtherSystems(t *testing.T) {
	const abc, def = "abcabcabcabcabcabcabcabcabcabcabcabcabca", "defdefdefdefdefdefdefdefdefdefdefdefdefd"
	for name, test := range map[string]struct {
		env  map[string]string
		want Context
	}{
		"Gitea, a pull request": {
			map[string]string{"GITEA_ACTIONS": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/7/head", "GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": "x", "GITHUB_SHA": abc, "GITHUB_SERVER_URL": "https://forge.example", "GITHUB_REPOSITORY": "acme/app"},
			Context{System: Gitea, Event: Pull, Change: true, Commit: abc, Target: "main", Source: "x", URL: "https://forge.example/acme/app", Repository: "acme/app"},
		},
		"Azure, a pull request of GitHub": {
			map[string]string{"TF_BUILD": "True", "BUILD_REASON": "PullRequest", "BUILD_SOURCEVERSION": def, "BUILD_SOURCEBRANCH": "refs/pull/7/merge", "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "7", "SYSTEM_PULLREQUEST_PULLREQUESTID": "99", "SYSTEM_PULLREQUEST_TARGETBRANCH": "main", "SYSTEM_PULLREQUEST_SOURCEBRANCH": "x", "SYSTEM_PULLREQUEST_SOURCECOMMITID": abc, "BUILD_REPOSITORY_NAME": "acme/app"},
			Context{System: Azure, Event: Pull, Change: true, Commit: def, Head: abc, Target: "main", Source: "x", Number: "7", Repository: "acme/app"},
		},
		"Azure, a pull request of its own, with long names": {
			map[string]string{"BUILD_BUILDURI": "vstfs:///1", "BUILD_REASON": "PullRequest", "BUILD_SOURCEVERSION": def, "SYSTEM_PULLREQUEST_PULLREQUESTID": "99", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/release/1", "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/x", "SYSTEM_PULLREQUEST_SOURCECOMMITID": abc},
			Context{System: Azure, Event: Pull, Change: true, Commit: def, Head: abc, Target: "release/1", Source: "x", Number: "99"},
		},
		"Azure, a push": {
			map[string]string{"TF_BUILD": "True", "BUILD_REASON": "IndividualCI", "BUILD_SOURCEVERSION": def, "BUILD_SOURCEBRANCH": "refs/heads/main"},
			Context{System: Azure, Event: Push, Commit: def, Branch: "main"},
		},
		"Azure, a tag": {
			map[string]string{"TF_BUILD": "True", "BUILD_SOURCEVERSION": def, "BUILD_SOURCEBRANCH": "refs/tags/main"},
			Context{System: Azure, Event: Tag, Commit: def},
		},
		"Jenkins, a multibranch change": {
			map[string]string{"JENKINS_URL": "https://ci.example", "CHANGE_ID": "7", "CHANGE_TARGET": "main", "CHANGE_BRANCH": "x", "BRANCH_NAME": "PR-7", "GIT_COMMIT": abc},
			Context{System: Jenkins, Event: Pull, Change: true, Commit: abc, Head: abc, Target: "main", Source: "x", Number: "7"},
		},
		"Jenkins, the plugin of GitHub": {
			map[string]string{"JENKINS_URL": "https://ci.example", "ghprbPullId": "7", "ghprbTargetBranch": "main", "ghprbSourceBranch": "x", "ghprbActualCommit": abc, "GIT_COMMIT": def},
			Context{System: Jenkins, Event: Pull, Change: true, Commit: abc, Head: abc, Target: "main", Source: "x", Number: "7"},
		},
		"Jenkins, the plugin of GitLab": {
			map[string]string{"JENKINS_URL": "https://ci.example", "gitlabMergeRequestId": "7", "gitlabTargetBranch": "main", "gitlabSourceBranch": "x", "GIT_COMMIT": abc},
			Context{System: Jenkins, Event: Pull, Change: true, Commit: abc, Head: abc, Target: "main", Source: "x", Number: "7"},
		},
		"Jenkins, a branch": {
			map[string]string{"JENKINS_URL": "https://ci.example", "BRANCH_NAME": "main", "GIT_COMMIT": abc},
			Context{System: Jenkins, Event: Push, Commit: abc, Branch: "main"},
		},
		"Bitbucket, a pull request": {
			map[string]string{"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_PR_ID": "7", "BITBUCKET_PR_DESTINATION_BRANCH": "main", "BITBUCKET_PR_DESTINATION_COMMIT": "defdefdefdef", "BITBUCKET_BRANCH": "x", "BITBUCKET_COMMIT": abc, "BITBUCKET_REPO_FULL_NAME": "acme/app"},
			Context{System: Bitbucket, Event: Pull, Change: true, Commit: abc, Head: abc, Target: "main", Source: "x", Number: "7", Repository: "acme/app"},
		},
		"Bitbucket, a push": {
			map[string]string{"BITBUCKET_PIPELINE_UUID": "{1}", "BITBUCKET_BRANCH": "x", "BITBUCKET_COMMIT": abc},
			Context{System: Bitbucket, Event: Push, Commit: abc, Branch: "x"},
		},
		"CircleCI, a pull request, which has no base": {
			map[string]string{"CIRCLECI": "true", "CIRCLE_PULL_REQUEST": "https://github.com/acme/app/pull/7", "CIRCLE_SHA1": abc, "CIRCLE_BRANCH": "x", "CIRCLE_PROJECT_USERNAME": "acme", "CIRCLE_PROJECT_REPONAME": "app"},
			Context{System: CircleCI, Event: Pull, Change: true, Commit: abc, Head: abc, Source: "x", Number: "7", Repository: "acme/app"},
		},
		"CircleCI, a fork's": {
			map[string]string{"CIRCLECI": "true", "CIRCLE_PR_NUMBER": "7", "CIRCLE_SHA1": abc, "CIRCLE_BRANCH": "pull/7"},
			Context{System: CircleCI, Event: Pull, Change: true, Commit: abc, Head: abc, Source: "pull/7", Number: "7"},
		},
		"Buildkite, a pull request": {
			map[string]string{"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST": "7", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main", "BUILDKITE_BRANCH": "x", "BUILDKITE_COMMIT": abc, "BUILDKITE_REPO": "git@github.com:acme/app.git"},
			Context{System: Buildkite, Event: Pull, Change: true, Commit: abc, Head: abc, Target: "main", Source: "x", Number: "7", Repository: "acme/app"},
		},
		"Buildkite, a push, whose pull request is called false": {
			map[string]string{"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST": "false", "BUILDKITE_BRANCH": "main", "BUILDKITE_COMMIT": abc, "BUILDKITE_REPO": "https://user:word@git.example/acme/app.git"},
			Context{System: Buildkite, Event: Push, Commit: abc, Branch: "main", Repository: "acme/app"},
		},
		"Drone, a pull request": {
			map[string]string{"DRONE": "true", "DRONE_BUILD_EVENT": "pull_request", "DRONE_PULL_REQUEST": "7", "DRONE_TARGET_BRANCH": "main", "DRONE_SOURCE_BRANCH": "x", "DRONE_COMMIT_SHA": abc, "DRONE_REPO_OWNER": "acme", "DRONE_REPO_NAME": "app"},
			Context{System: Drone, Event: Pull, Change: true, Commit: abc, Head: abc, Target: "main", Source: "x", Number: "7", Repository: "acme/app"},
		},
		"Drone, a pull request without a number is one still": {
			map[string]string{"DRONE": "true", "DRONE_BUILD_EVENT": "pull_request", "DRONE_TARGET_BRANCH": "main", "DRONE_COMMIT": abc},
			Context{System: Drone, Event: Pull, Change: true, Commit: abc, Head: abc, Target: "main"},
		},
		"Woodpecker, whose variables have GitLab's names": {
			map[string]string{"CI": "woodpecker", "GITLAB_CI": "true", "CI_PIPELINE_EVENT": "pull_request", "CI_COMMIT_PULL_REQUEST": "7", "CI_COMMIT_TARGET_BRANCH": "main", "CI_COMMIT_SOURCE_BRANCH": "x", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_SHA": abc, "CI_REPO_OWNER": "acme", "CI_REPO_NAME": "app"},
			Context{System: Woodpecker, Event: Pull, Change: true, Commit: abc, Head: abc, Target: "main", Source: "x", Number: "7", Repository: "acme/app"},
		},
		"Woodpecker, what is said anew of a pull request": {
			map[string]string{"CI": "woodpecker", "CI_PIPELINE_EVENT": "pull_request_metadata", "CI_COMMIT_PULL_REQUEST": "7", "CI_COMMIT_TARGET_BRANCH": "main", "CI_COMMIT_SOURCE_BRANCH": "x", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_SHA": abc},
			Context{System: Woodpecker, Event: Pull, Change: true, Commit: abc, Head: abc, Target: "main", Source: "x", Number: "7"},
		},
		"Woodpecker, a pull request that was closed": {
			map[string]string{"CI": "woodpecker", "CI_PIPELINE_EVENT": "pull_request_closed", "CI_COMMIT_TARGET_BRANCH": "main", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_SHA": abc},
			Context{System: Woodpecker, Event: Pull, Change: true, Commit: abc, Head: abc, Target: "main"},
		},
		"Woodpecker, a tag": {
			map[string]string{"CI": "woodpecker", "CI_PIPELINE_EVENT": "tag", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_TAG": "main", "CI_COMMIT_SHA": abc},
			Context{System: Woodpecker, Event: Tag, Commit: abc},
		},
		"Woodpecker, a release": {
			map[string]string{"CI": "woodpecker", "CI_PIPELINE_EVENT": "release", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_SHA": abc},
			Context{System: Woodpecker, Event: Tag, Commit: abc},
		},
		"Travis, a tag, whose branch is the tag": {
			map[string]string{"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "false", "TRAVIS_BRANCH": "main", "TRAVIS_TAG": "main", "TRAVIS_COMMIT": abc},
			Context{System: Travis, Event: Tag, Commit: abc},
		},
		"Buildkite, a tag": {
			map[string]string{"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST": "false", "BUILDKITE_BRANCH": "main", "BUILDKITE_TAG": "main", "BUILDKITE_COMMIT": abc},
			Context{System: Buildkite, Event: Tag, Commit: abc},
		},
		"Jenkins, a tag, whose branch is the tag": {
			map[string]string{"JENKINS_URL": "https://ci.example", "BRANCH_NAME": "main", "TAG_NAME": "main", "GIT_COMMIT": abc},
			Context{System: Jenkins, Event: Tag, Commit: abc},
		},
		"Bitbucket, a tag": {
			map[string]string{"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_TAG": "main", "BITBUCKET_COMMIT": abc},
			Context{System: Bitbucket, Event: Tag, Commit: abc},
		},
		"CircleCI, a tag": {
			map[string]string{"CIRCLECI": "true", "CIRCLE_TAG": "main", "CIRCLE_SHA1": abc},
			Context{System: CircleCI, Event: Tag, Commit: abc},
		},
		"Drone, a tag": {
			map[string]string{"DRONE": "true", "DRONE_BUILD_EVENT": "tag", "DRONE_TAG": "main", "DRONE_SOURCE_BRANCH": "main", "DRONE_COMMIT_SHA": abc},
			Context{System: Drone, Event: Tag, Commit: abc},
		},
		"a tag beside a pull request": {
			map[string]string{"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "7", "TRAVIS_BRANCH": "main", "TRAVIS_TAG": "main", "TRAVIS_COMMIT": abc},
			Context{System: Travis, Event: Pull, Change: true, Commit: abc, Head: abc, Target: "main", Number: "7"},
		},
		"CodeBuild, a pull request": {
			map[string]string{"CODEBUILD_BUILD_ARN": "arn:1", "CODEBUILD_WEBHOOK_EVENT": "PULL_REQUEST_UPDATED"},
			Context{System: CodeBuild, Event: Pull, Change: true},
		},
		"CodeBuild, something else": {map[string]string{"CODEBUILD_BUILD_ID": "1"}, Context{System: CodeBuild}},
		"Travis, a pull request, whose branch is the target": {
			map[string]string{"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "7", "TRAVIS_BRANCH": "main", "TRAVIS_PULL_REQUEST_BRANCH": "x", "TRAVIS_COMMIT": abc, "TRAVIS_REPO_SLUG": "acme/app"},
			Context{System: Travis, Event: Pull, Change: true, Commit: abc, Head: abc, Target: "main", Source: "x", Number: "7", Repository: "acme/app"},
		},
		"Travis, a push": {
			map[string]string{"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "false", "TRAVIS_BRANCH": "main", "TRAVIS_COMMIT": abc},
			Context{System: Travis, Event: Push, Commit: abc, Branch: "main"},
		},
		"TeamCity": {map[string]string{"TEAMCITY_VERSION": "2026", "BUILD_VCS_NUMBER": abc}, Context{System: TeamCity, Commit: abc}},
		"gitlab-ci-local, which says that it is not GitLab": {map[string]string{"GITLAB_CI": "false"}, Context{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Detect(func(name string) string { return test.env[name] }, nil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSay(t *testing.T) {
	for name, test := range map[string]struct {
		is   Context
		said Said
		want Context
	}{
		"nothing on a laptop": {},
		"an unknown system with a change": {
			Context{},
			Said{Base: "main", Default: "main", URL: "https://git.example/acme/app"},
			Context{System: Other, Event: Pull, Change: true, Target: "main", Default: "main", URL: "https://git.example/acme/app"},
		},
		"an unknown system without":   {Context{}, Said{Default: "main"}, Context{System: Other, Default: "main"}},
		"a system that knows no base": {Context{System: CircleCI, Event: Pull, Change: true}, Said{Base: "refs/heads/main"}, Context{System: CircleCI, Event: Pull, Change: true, Target: "main"}},
		"a system that knows better":  {Context{System: Bitbucket, Event: Pull, Change: true, Target: "main"}, Said{Base: "mine"}, Context{System: Bitbucket, Event: Pull, Change: true, Target: "main"}},
		"a system that knows it all":  {Context{System: GitHub, Event: Push, Branch: "x"}, Said{Base: "x", Default: "x"}, Context{System: GitHub, Event: Push, Branch: "x"}},
		"a push that tests a change":  {Context{System: TeamCity, Commit: "c", Branch: "x", Event: Push}, Said{Base: "main"}, Context{System: TeamCity, Event: Pull, Change: true, Commit: "c", Head: "c", Target: "main"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.is.Say(test.said)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
