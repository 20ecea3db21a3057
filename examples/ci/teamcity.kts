// TeamCity: .teamcity/settings.kts. Findings show as inspections, what is no pass as a
// problem of the build. The checkout is on the agent, and its VCS root's policy must not be
// a shallow clone: secrets are looked for in every commit of the change.
import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.triggers.vcs

version = "2025.11"

project {
    buildType(Gate)
}

object Gate : BuildType({
    name = "boltseal"
    vcs {
        root(DslContext.settingsRoot)
        checkoutMode = CheckoutMode.ON_AGENT
        cleanCheckout = true
    }
    params {
        param("env.BOLTSEAL_DEFAULT_BRANCH", "main")
        param("env.BOLTSEAL_REPOSITORY_URL", "https://github.com/acme/app")
    }
    steps {
        script {
            name = "boltseal"
            scriptContent = """
                if [ "%teamcity.build.branch.is_default%" != true ]; then
                    export BOLTSEAL_BASE_REF=main
                fi
                boltseal ci
            """.trimIndent()
        }
    }
    triggers {
        vcs { }
    }
})
