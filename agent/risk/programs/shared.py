# ruff: noqa: E501 - tables read better unbroken
"""Programs that act on what others share, or on data that the project cannot make again.

They have hundreds of subcommands of the shape `tool [noun] verb`, so they are judged by the verb:
one that looks is LOW, one that works on the project is MEDIUM, every other one is HIGH.
"""

from __future__ import annotations

from agent.risk.arguments import wordlist

SHARED_PROGRAMS: dict[str, str] = {}


def _shared(reason: str, names: str) -> None:
    SHARED_PROGRAMS.update(dict.fromkeys(wordlist(names), reason))


_shared(
    "changes shared infrastructure",
    """
    gcloud az aliyun tccli hwcloud hcloud doctl linode-cli linode vultr-cli vultr scw exo civo upctl
    openstack nova neutron glance cinder swift keystone heat ironic osc yc oci ibmcloud bluemix ic
    ovhcli ovhcloud packet metal equinix phoenixnap katapult brightbox-cli rackspace rack joyent triton
    cloudscale exoscale dogcli dnsimple flarectl cf-terraforming cfcli cf cfn rain stackset awless
    cloudctl copilot-cli ecs-cli eb ebcli amplify chalice zappa apex up sls osls sst architect arc claudia
     netlify ntl vercel now vc render koyeb northflank porter porter-cli qovery zeabur railway fly flyctl heroku
    gigalixir scalingo platform upsun platformsh clever clever-cloud pantheon terminus acquia acli
    wpengine kinsta lando-push deta  nanobox stackit ionosctl dokku caprover piku flynn deis
    convox aptible cycle balena mbed particle resin wrangler wrangler2 cloudflare cloudflared-admin
    firebase firebase-tools supabase appwrite nhost amplify-cli xata neonctl neon turso pscale
    planetscale astra tidbcloud ticloud cockroach-cloud atlas atlascli mongocli realm-cli realm mongodb-atlas
    confluent ccloud avn aiven aiven-client instaclustr upstash redis-cloud scalegrid couchbase-cli
    cbq cbbackupmgr cbimport databricks dbx snowsql snow snowcli bq cbt gsutil s3cmd s5cmd s4cmd
    mc mcli rclone-cloud azcopy b2 ossutil ossutil64 coscli coscmd obsutil qshell swiftly wasabi
    cloud-nuke aws-nuke gcp-nuke azure-nuke cloudnuke ekuiper awsume aws-shell
    aws-cdk cdktf cdk8s pulumi crossplane kpt terragrunt atmos digger spacectl tfc tfe tfx tfctl scalr env0
    waypoint boundary vault bao consul nomad vlt hcp packer-cloud
    datadog-ci newrelic newrelic-cli sentry-cli rollbar-cli honeycomb honeymarker grafana-cli grafanactl
    logdna papertrail pd pagerduty opsgenie victorops statuspage betterstack checkly uptime-cli
    launchdarkly ldcli split-cli posthog-cli segment-cli amplitude-cli
    stripe twilio sendgrid mailgun plaid shopify paypal braintree  lago mailchimp resend
    auth0 okta oktactl clerk workos fusionauth keycloak kcadm kcadm.sh authentik zitadel ory kratos
    hydra-cli ldapadd ldapdelete ldapmodify ldapmodrdn ldappasswd dsconf samba-tool net smbpasswd
    kadmin kadmin.local ipa adcli dsadd dsrm csvde ldifde redfishtool racadm ilorest idracadm idracadm7
    algolia typesense meilisearch-cli elasticdump esctl elasticsearch-reset-password escli
    contentful contentful-cli sanity strapi-cloud prismic dato storyblok hygraph directus
    airtable notion-cli jira jira-cli  linear linear-cli trello asana clickup confluence
    slack slackcat slack-cli discord telegram-send telegram-cli matrix-commander signal-cli zulip-send teams-cli
    twurl toot tweet ntfy pushover apprise wall-e
    expo-cli eas fastlane app-store-connect altool notarytool appcenter testflight playstore supply
    codepush code-push hasura nhost-cli graphcdn
    route53 dnscontrol octodns octodns-sync lego acme.sh certbot dehydrated certmagic step smallstep
    gandi namecheap-cli godaddy porkbun inwx cli53 pdnsutil pdns_control rndc nsupdate knotc unbound-control
    powerdns namedotcom transip tencentcli qcloud baidubce bce jdc ucloud ksc volcengine ve
    ceph rados rbd radosgw-admin gluster weka lfs mmdelfs mmcrfs isi qumulo purefa netapp ontap
    govc vim-cmd esxcli vcsa-cli powercli ovftool nutanix ncli acli-nutanix xe xl xm prism proxmox
    qm pct pvesh pvecm pveum pveam vzdump vzctl prlctl prlsrvctl pmx
    lxd lxc-start maas juju charm snapcraft-cloud lxc incus cloud-init-admin tower-cli awx awxkit semaphore-cli
    rundeck rd salt-run salt-key salt-cloud salt-call puppet-admin puppetserver knife-cloud chef-server-ctl
    mco-admin landscape-api spacewalk satellite hammer subscription-manager katello pulp pulp-admin
    ansible-tower ansible-navigator
    faas-cli func funcs fn nuctl kn riff openwhisk wsk fission kubeless openfaas spin-cloud fermyon wasmcloud wash lunchctl
    kerl-cloud gam gamadv gyb o365 m365 teamsctl spo intune graph-cli msgraph azd azdata sfctl
    exchange-online powerplatform pac
    """,
)
_shared(
    "reads or changes secrets",
    """
    doppler phase akeyless bws dcli nordpass passbolt keyhub dotenv-vault envkey conjur psono keeper ksm
    enpass-cli kpcli secretspec secrethub tss dsv pwsafe passage ripasso himitsu fnox vals
    gopass-jsonapi pass-cli proton-pass biscuit vaulted keybase
    """,
)
_shared("escapes the container or the process it is in", "ctr crictl")
_shared(
    "changes a shared cluster",
    """
    kubectl oc helm helm3 helmfile helmsman werf flux fluxctl argocd argo argo-rollouts kargo tkn kfctl kubeflow kfp
    istioctl linkerd cilium hubble calicoctl kuma kumactl consul-k8s velero ark restic-k8s kasten k10
    kubeseal krew kops eksctl rosa ocm odo crc kubeadm k0s k0sctl k3sup rke rke2 rancher talosctl
    omnictl clusterctl capi kubicorn kubespray microk8s microk8s.kubectl microk8s.helm k3s kubefed kubecfg
    tanka tk kapp kbld imgpkg vendir carvel kluctl timoni glasskube devspace garden okteto
    telepresence nocalhost loft vcluster tanzu pks tkgi gardenctl eksdemo ocp-install openshift-install
    cmctl cert-manager keda knative kubevela vela crossplane-k8s gloo glooctl ambassador edgectl
    traefikctl meshctl osm osmctl nsm seldon bentoml-cloud ray-cloud anyscale modal runpod lambda-cloud vast vastai
    sky skypilot dstack coiled prefect-cloud dagster-cloud dagster-plus astro-deploy astronomer
    flytectl pachctl polyaxon clearml-admin dkron dkronctl mesos dcos marathon aurora
    swarmctl portainer nomad-pack levant
    """,
)
_shared(
    "publishes or deletes a shared image or package",
    """
    crane skopeo regctl regsync oras buildah img kaniko ko jib umoci cosign notation notary manifest-tool
    reg regclient dockerhub hub-tool jf jfrog jfrog-cli artifactory nexus-cli cloudsmith gemfury fury
    packagecloud package_cloud aptly reprepro createrepo dput dupload debsign deb-s3 rpm-s3 copr copr-cli
    koji brew-koji fedpkg bodhi osbuild osc-build snapcraft charmcraft rockcraft flatpak-builder-push butler itch steamcmd
    anaconda anaconda-client conda-build-upload hf huggingface-cli kaggle wandb-admin dvc-push modelscope
    ovsx vsce tfx-cli clasp web-ext chrome-webstore-upload cws addons-linter-push amo
    pub dartpub hex rebar3-hex nimble-push shards-push jsr esm pika unpkg cpan-upload cpanm-upload mint
    pulp-cli twine flit pyup bumper ghr github-release github-releaser gitlab-release release-cli
    gren  shipit goreleaser jreleaser  semantic-release-cli standard-release release-plz cargo-release
    """,
)
_shared(
    "changes or exposes a shared forge",
    """
    gh glab hub lab tea berg gitea forgejo gitlab gitlab-ctl gitlab-rails gitlab-rake gitlab-runner
    bb bitbucket bkt gerrit ghorg git-town-admin fj codeberg azdevops vsts tfvc tf p4 cvs svnadmin svnmucc
    circleci travis drone woodpecker woodpecker-cli buildkite-agent bk jenkins-cli jenkins jcli tkn-pipeline
    teamcity gocd concourse fly-ci spinnaker spin harness appveyor codemagic bitrise semaphore sem cirrus
    codefresh buddy screwdriver act-admin renovate-bot dependabot-admin sourcegraph src srht hut
    """,
)
_shared(
    "drops or changes a database or what waits in a queue",
    """
    dropdb dropuser mongorestore mongoimport mongofiles mysqlimport mysqlpump-import myloader
    pgloader bcp sqlldr impdp imp rman srvctl crsctl asmcmd dgmgrl lsnrctl db2 db2cmd onstat dbaccess
    nodetool sstableloader cassandra-stress scylla-manager sctool dsetool arangorestore arangoimport
    neo4j-admin neo4j-import memgraph redis-shake redis-trib redis-sentinel rethinkdb couch-cli riak riak-admin
    rabbitmqctl rabbitmqadmin rabbitmq-plugins nats nsc pulsar-admin pulsarctl rpk kafkactl kaf kcli kafka-admin
    kafka-topics kafka-configs kafka-acls kafka-delete-records kafka-consumer-groups kafka-streams-application-reset
    kafka-reassign-partitions kafka-leader-election kafka-storage kafka-preferred-replica-election
    zookeeper-shell zkCli zkCli.sh zkcli etcdctl etcdutl bookkeeper activemq artemis mqadmin memcached-tool
    hdfs hadoop yarn-hadoop mapred hbase sqoop oozie  hive-admin kudu impala-admin ozone
    alluxio druid pinot-admin clickhouse-backup clickhouse-keeper-client influxd influx-admin
    tiup tidb-ctl tikv-ctl pd-ctl br dm-ctl ysqlsh yb-admin yugabyted vtctl vtctlclient vtctldclient
    patronictl repmgr pgbackrest barman wal-g wal-e pg_basebackup pg_rewind pg_upgrade pg_archivecleanup pg_receivewal
    stolonctl pgo gh-ost pt-archiver pt-online-schema-change pt-kill pt-table-sync xtrabackup mariabackup innobackupex
    orchestrator orchestrator-client mysqlrpladmin mysqlfailover mysqlsh proxysql-admin
    hasura-admin airflow-admin
    """,
)
_shared(
    "deletes backups or sends data away",
    """
    restic borg borgmatic duplicity duply duplicacy kopia bup tarsnap rdiff-backup rsnapshot rustic
    bacula bconsole bareos amanda urbackup veeam veeamconfig arq attic zbackup proxmox-backup-client
    rclone lftp-mirror unison syncthing-cli maestral dropbox gdrive drive onedrive insync megacmd mega-rm mega-put
    mega-cmd icloud pcloud nextcloudcmd owncloudcmd odrive grive storj uplink ipfs filecoin lotus
    """,
)

SECRET_PROGRAMS = frozenset(
    name for name, reason in SHARED_PROGRAMS.items() if reason == "reads or changes secrets"
)
"""Programs that keep secrets: to get one is to see it."""

LOOKING = frozenset(
    wordlist(
        """
        ls list lst ll show get describe desc view display read info inspect status stat stats state ps top
        log logs history version versions help whoami who me current explain diff preview plan
        search find query lookup check validate verify lint doctor diagnose diagnostics analyze analyse
        audit health healthz ping tail stream watch wait events event metrics monitor usage whois count
        outputs output print cat head tree du df dump-config env-list endpoint endpoints open browse docs
        console dashboard completion completions autocomplete schema types digest manifest
        fields columns test-connection iam-test names regions zones sizes quota quotas limits pods nodes
        services topics queues tables databases projects apps deployments releases members peers clusters
        instances buckets images volumes networks domains records certificates contexts profiles
        workflows runs jobs tasks issues prs ls-files lsd lsf lsl size about hash subscribe sub consume
        estimate compare summary report trace graph dot render template synth topology export-schema
        changelog fetch-schema ctx ns login-status is-active exists test-url pull-schema
        """
    )
)
"""Verbs, and nouns that list when they stand last, with which a program only looks."""

PROJECT = frozenset(
    wordlist(
        """
        init new scaffold bootstrap-project dev develop serve build test package pack generate gen synth
        compile fmt format clone download fetch pull link local offline emulators emulator start-local
        login signin logout configure config-set use select switch use-context shell repl proxy install-deps
        lint fix add-plugin example examples lsp mcp debug up-local ci bundle vendor tidy sync-deps update-deps
        translate convert export listen trigger
        port-forward start docs generate-docs migrate-create create-project create-app bud from mount-local
        """
    )
)
"""Verbs with which such a program works on the project or for it."""

MUTATING = frozenset(
    wordlist(
        """
        delete del deletes destroy purge drop terminate wipe nuke deprovision decommission teardown
        obliterate erase expunge rm remove rmi rb mb unregister deregister revoke disable detach
        undeploy uninstall uninstrument kill evict cordon drain failover promote demote reset restore rollback undo
        truncate flush flushall flushdb prune gc clear empty cancel abort stop halt shutdown poweroff poweron reboot
        restart suspend pause resume scale resize rename move mv copy cp sync put push upload publish
        send post create add set unset update upgrade edit patch replace apply import load clean deploy release ship
        run exec execute invoke ssh attach rotate regenerate grant deny authorize assign associate
        disassociate bind unbind enable unlock lock transfer merge approve reject import-state force
        retire deactivate archive unarchive seal unseal rekey enroll join leave sign renew
        write insert produce pub addfirebase unlink unpublish deprecate yank owner permanent-delete re-encrypt
        up redeploy rebuild reinstall recreate reimage format decrypt unwrap token tokens secret secrets
        credential credentials key keys password passwd reveal impersonate assume
        """
    )
)
"""Verbs with which such a program changes something, or shows what opens it."""
