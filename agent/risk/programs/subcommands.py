# ruff: noqa: E501 - tables read better unbroken
"""Programs that do many things: a level for each of their subcommands and options."""

from __future__ import annotations

from agent.risk.arguments import wordlist

_SUBCOMMANDS = """
npm LOW: ls list view info show outdated audit ping root prefix bin whoami explain search fund why pack doctor docs query|config get|config list
npm MEDIUM: test t install i ci add remove uninstall update dedupe prune rebuild link init version run start build  dedupe
npm HIGH[publishes or changes what others install]: publish unpublish deprecate owner access dist-tag set-script token login logout adduser team org hook star profile|config set|config delete|config edit|set
yarn LOW: list info why outdated audit versions|config get|config list
yarn MEDIUM: install add remove upgrade up test build start run dedupe workspaces workspace link unlink init version cache create set plugin
yarn HIGH[publishes or changes what others install]: publish login logout owner tag|npm publish|npm tag|npm login|config set
pnpm LOW: list ls outdated why audit root bin licenses view info|config get|config list
pnpm MEDIUM: install i add remove rm update up test t run start build store prune rebuild link unlink import init dedupe patch fetch deploy recursive
pnpm HIGH[publishes or changes what others install]: publish login owner|config set
bun LOW: pm outdated why
bun MEDIUM: install i add remove rm update run test build link create init dev start
bun HIGH[publishes or changes what others install]: publish
deno LOW: info lint check doc types
deno MEDIUM: test fmt task cache run compile bundle install add remove init bench serve coverage vendor
deno HIGH[publishes or changes what others install]: publish deploy
pip LOW: list show freeze check search index debug |config list|config get|cache dir|cache list|cache info
pip MEDIUM: install uninstall wheel download cache inspect hash
pip HIGH[changes where packages come from]: config|config set|config edit
pip HIGH[changes the packages of the machine]: --break-system-packages
pipx LOW: list environment
pipx MEDIUM: install uninstall upgrade upgrade-all inject reinstall ensurepath
uv LOW: tree version help|pip list|pip show|pip freeze|pip tree|pip check|python list|python find|tool list|cache dir
uv MEDIUM: sync lock add remove init venv build export pip python tool cache self format
uv HIGH[publishes a package]: publish|auth
poetry LOW: show check about list search|env info|env list|config --list|version --short
poetry MEDIUM: install add remove update lock build init new version env cache self export sync source
poetry HIGH[publishes or changes what others install]: publish|config
pdm LOW: list info show outdated search
pdm MEDIUM: install add remove update lock sync build init venv use
pdm HIGH[publishes a package]: publish
hatch LOW: version status env-show
hatch MEDIUM: build test fmt env new dep python
hatch HIGH[publishes a package]: publish
pipenv LOW: graph check verify
pipenv MEDIUM: install uninstall update lock sync clean
conda LOW: list info search|env list|config --show|config --show-sources
conda MEDIUM: install create update remove activate deactivate clean  upgrade
conda HIGH[changes where packages come from or what the shell starts]: config init|env remove
mamba LOW: list info search|env list
mamba MEDIUM: install create update remove activate deactivate clean env
micromamba MEDIUM: install create update remove activate deactivate clean env
cargo LOW: check clippy tree metadata search info version locate-project pkgid verify-project audit outdated deny machete udeps llvm-lines geiger
cargo MEDIUM: build test run bench doc fmt add remove update fetch clean install uninstall new init fix generate-lockfile vendor package nextest expand watch tarpaulin llvm-cov mutants sweep hack make b t r c d miri insta semver-checks binstall
cargo HIGH[publishes or withdraws a release]: publish yank owner login logout release
rustup LOW: show which doc check|component list|target list|toolchain list
rustup MEDIUM: update default component target toolchain override install
rustup HIGH[removes the toolchain]: self
go LOW: version env list doc vet tool help
go MEDIUM: build test run mod get install generate fmt clean work fix bug
gem LOW: list search info contents dependency environment outdated which specification help query
gem MEDIUM: install update uninstall build cleanup fetch pristine unpack lock
gem HIGH[publishes or withdraws a release]: push yank owner signin|sources --add|sources -a
bundle LOW: list show info outdated check platform licenses doctor|config list|config get
bundle MEDIUM: install update add remove lock clean cache package init binstubs pristine open gem viz config
composer LOW: show info outdated validate licenses check-platform-reqs diagnose depends why audit search about
composer MEDIUM: install update require remove dump-autoload dumpautoload create-project init reinstall bump test run-script
composer HIGH[changes where packages come from]: config self-update
dotnet LOW: list nuget-list --info --version --list-sdks|nuget list
dotnet MEDIUM: build test run restore clean publish pack add remove new sln format tool watch ef msbuild vstest workload
dotnet HIGH[publishes a package]: nuget|nuget push|nuget delete|ef database drop|dev-certs|user-secrets list
brew LOW: list info search outdated deps doctor config leaves --prefix --cellar --version desc uses cat home|services list
brew MEDIUM: install upgrade update uninstall remove reinstall cleanup link unlink tap bundle fetch pin unpin autoremove services
brew HIGH[deletes what programs keep, too]: --zap|untap --force
apt LOW: list search show policy depends rdepends changelog --version
apt MEDIUM: download
apt HIGH[changes the machine]: install remove purge autoremove update upgrade full-upgrade dist-upgrade edit-sources clean build-dep
apt-get HIGH[changes the machine]: install remove purge autoremove update upgrade dist-upgrade clean autoclean build-dep source
apt-cache LOW: search show policy depends rdepends showpkg madison pkgnames stats
dpkg LOW: -l -L -s -S --list --listfiles --status --search --get-selections --print-architecture -I -c --info --contents --compare-versions
dpkg HIGH[changes the machine]: -i -r -P --install --remove --purge --configure --unpack
dnf LOW: list search info repolist provides check-update history
dnf HIGH[changes the machine]: install remove update upgrade erase autoremove clean reinstall
yum LOW: list search info repolist provides check-update history
yum HIGH[changes the machine]: install remove update upgrade erase autoremove clean reinstall
rpm LOW: -q -qa -qi -ql -qf --query -V
rpm HIGH[changes the machine]: -i -U -e -F -ivh -Uvh --install --erase --upgrade --import
pacman LOW: -Q -Qi -Ql -Qs -Ss -Si -Qe -Qo
pacman HIGH[changes the machine]: -S -R -Rns -Rs -Syu -Sy -U -Sc -Scc -Rdd -Syyu
apk LOW: info search list policy version
apk HIGH[changes the machine]: add del update upgrade fix
snap LOW: list find info version services
snap HIGH[changes the machine]: install remove refresh enable disable set revert
flatpak LOW: list search info remotes
flatpak HIGH[changes the machine]: install uninstall update remote-add override run
zypper LOW: search se info if list-updates repos
zypper HIGH[changes the machine]: install in remove rm update up dup patch addrepo
port LOW: list search info installed
port HIGH[changes the machine]: install uninstall upgrade selfupdate
systemctl LOW: status list-units list-unit-files list-timers list-sockets list-jobs is-active is-enabled is-failed show cat list-dependencies get-default help
systemctl LOW: list-machines is-system-running show-environment list-automounts list-paths log-level whoami
systemctl HIGH[changes services]: other stop start restart disable enable mask unmask daemon-reload isolate reboot poweroff halt kill edit set-default link revert suspend hibernate rescue emergency reload set-property import-environment set-environment
service LOW: --status-all
service HIGH[changes services]: stop start restart reload
journalctl LOW: default
journalctl HIGH[erases traces]: --vacuum-time --vacuum-size --vacuum-files --rotate --flush
timedatectl LOW: status show list-timezones
timedatectl LOW: timesync-status show-timesync
timedatectl HIGH[changes the machine]: other set-time set-timezone set-ntp set-local-rtc
hostnamectl LOW: status
hostnamectl HIGH[changes the machine]: other set-hostname hostname set-chassis
loginctl LOW: list-sessions show-session show-user session-status list-users user-status
loginctl LOW: list-seats show-seat seat-status
loginctl HIGH[changes sessions]: other terminate-session kill-session terminate-user kill-user lock-session enable-linger attach
localectl LOW: status list-locales list-keymaps
localectl HIGH[changes the machine]: other set-locale set-keymap set-x11-keymap
docker LOW: ps images logs inspect version info top stats port diff history search events|image ls|image list|image inspect|image history|container ls|container list|container inspect|container logs|container top|container stats|container port|volume ls|volume list|volume inspect|network ls|network list|network inspect|system df|system info|system events|context ls|context show|context inspect|buildx ls|buildx inspect|manifest inspect|plugin ls|stack ls|stack ps|service ls|service ps|service logs|node ls|compose ps|compose logs|compose config|compose images|compose ls|compose top|compose port|compose version|compose events|builder du|scout quickview|scout cves|secret ls|config ls
docker MEDIUM: build pull start stop restart kill rm rmi rename tag create wait pause unpause commit save load import attach update|image rm|image prune|image build|image pull|image tag|image save|image load|container rm|container stop|container start|container restart|container kill|container create|container wait|network create|network rm|network prune|network connect|network disconnect|volume create|buildx build|buildx create|buildx use|buildx prune|buildx rm|buildx bake|builder prune|compose up|compose build|compose start|compose stop|compose restart|compose down|compose pull|compose create|compose kill|compose rm|compose pause|compose unpause|compose watch|compose cp|context use|init|container prune
docker MEDIUM: container prune
docker HIGH[starts another agent]: sandbox
docker HIGH[destroys volumes or shared images, or publishes]: push login logout swarm export|image push|system prune|system reset|volume rm|volume remove|volume prune|stack rm|stack deploy|service rm|service update|service create|service scale|secret rm|secret create|secret inspect|config rm|node rm|node update|plugin install|plugin rm|plugin enable|plugin disable|plugin create|plugin push|plugin set|plugin upgrade|context rm|context create|manifest push|trust|compose push|container export|checkpoint|swarm leave|swarm init
docker-compose LOW: ps logs config images top port version events ls
docker-compose MEDIUM: up build start stop restart down pull create kill rm pause unpause watch
docker-compose HIGH[publishes images]: push
kubectl LOW: get describe logs top version api-resources api-versions cluster-info explain diff wait events options completion kustomize|config view|config get-contexts|config current-context|config get-clusters|auth can-i|auth whoami|rollout status|rollout history|config get-users|plugin list
kubectl MEDIUM: port-forward proxy|config use-context|config set-context|create --dry-run
kubectl HIGH[changes a shared cluster]: delete apply create edit patch replace scale drain cordon uncordon taint label annotate run expose set autoscale rollout debug cp attach certificate|rollout undo|rollout restart|config delete-context|config delete-cluster|config set-credentials|config set|config unset
oc LOW: get describe logs whoami status projects project explain version
oc HIGH[changes a shared cluster]: delete apply create edit patch replace scale adm login rsh new-app new-project rollout set policy
helm LOW: list ls status history get show search version template lint env dependency|repo list|dependency list|get values|search repo|plugin list
helm MEDIUM: package pull create|repo add|repo update|dependency update|dependency build|repo index
helm HIGH[changes a shared cluster]: install upgrade uninstall delete rollback push test plugin|repo remove|registry login
terraform LOW: plan validate show output fmt version providers graph get console test|state list|state show|workspace list|workspace show|state pull
terraform MEDIUM: init get|workspace select|workspace new|fmt
terraform HIGH[changes shared infrastructure]: apply destroy import taint untaint refresh force-unlock login logout|state rm|state mv|state push|state replace-provider|workspace delete
tofu LOW: plan validate show output fmt version providers graph|state list|state show|workspace list
tofu MEDIUM: init|workspace select
tofu HIGH[changes shared infrastructure]: apply destroy import taint untaint refresh force-unlock|state rm|state mv|state push|workspace delete
terragrunt LOW: plan validate show output hclfmt graph-dependencies
terragrunt MEDIUM: init
terragrunt HIGH[changes shared infrastructure]: apply destroy import taint run-all
pulumi LOW: preview about version whoami|stack ls|stack output|stack|config|logs|config get
pulumi MEDIUM: new|stack select|stack init
pulumi HIGH[changes shared infrastructure]: up update destroy refresh import cancel login|stack rm|state delete|config set
cdk LOW: diff list ls synth doctor
cdk MEDIUM: init
cdk HIGH[changes shared infrastructure]: deploy destroy bootstrap import
sam LOW: validate logs list
sam MEDIUM: build local init package
sam HIGH[changes shared infrastructure]: deploy delete sync publish
serverless LOW: info print logs
serverless MEDIUM: package offline invoke
serverless HIGH[changes shared infrastructure]: deploy remove rollback
vagrant LOW: status global-status version box-list port
vagrant MEDIUM: up halt reload suspend resume init validate snapshot
vagrant HIGH[destroys a machine]: destroy package box cloud
packer LOW: validate inspect fmt version
packer MEDIUM: init
packer HIGH[changes shared infrastructure]: build
vault LOW: status version
vault HIGH[reads or changes secrets]: read write delete kv token login operator policy auth secrets list unwrap
consul LOW: members info catalog version
consul HIGH[changes shared infrastructure]: kv leave force-leave snapshot acl operator
nomad LOW: status node-status version|job status|node status
nomad HIGH[changes shared infrastructure]: job run stop system operator
etcdctl LOW: get version|endpoint health|endpoint status|member list
etcdctl HIGH[changes shared infrastructure]: del put snapshot defrag|member remove|role|user|auth
gh LOW: status search browse|pr list|pr view|pr diff|pr checks|pr status|issue list|issue view|issue status|repo view|repo list|run list|run view|run watch|release list|release view|workflow list|workflow view|auth status|label list|gist list|gist view|cache list|ruleset list|ruleset view|ruleset check|project list|project view|alias list|extension list|config list|config get|variable list|secret list|org list|search repos|search issues|search prs|search code|release download|run download|codespace list|attestation verify|gpg-key list|ssh-key list
gh MEDIUM: pr create|pr checkout|pr comment|pr edit|pr review|pr ready|pr update-branch|issue create|issue comment|issue edit|issue close|issue reopen|issue develop|issue pin|repo clone|repo fork|repo sync|run rerun|run cancel|label create|label edit|repo set-default|pr close|pr reopen|workflow run|browse|project item-add|issue transfer|label clone
gh HIGH[changes or exposes a shared forge]: api-unsafe|repo delete|repo archive|repo rename|repo edit|repo create|repo deploy-key|repo unarchive|release delete|release create|release upload|release edit|release delete-asset|secret set|secret delete|secret remove|variable set|variable delete|auth login|auth logout|auth token|auth refresh|auth setup-git|ssh-key add|ssh-key delete|gpg-key add|gpg-key delete|workflow disable|workflow enable|run delete|issue delete|pr merge|gist create|gist delete|gist edit|label delete|cache delete|codespace delete|codespace ssh|codespace create|codespace cp|alias set|alias import|alias delete|extension install|extension exec|extension upgrade|project delete|ruleset delete|config set|pr lock|issue lock|issue unlock|codespace code|codespace ports|repo gitignore|agent-task|copilot
glab LOW: mr-list|mr list|mr view|mr diff|issue list|issue view|ci status|ci view|ci list|ci trace|repo view|release list|release view|auth status|label list|pipeline list
glab MEDIUM: |mr create|mr checkout|mr note|mr update|mr approve|issue create|issue note|issue close|issue update|repo clone|ci run|ci retry|ci lint
tea HIGH[changes or exposes a shared forge]: |repo delete|repos delete|repos rm|release delete|releases delete|pulls merge|pr merge|repo create|repos create
glab HIGH[changes or exposes a shared forge]: |mr merge|mr delete|issue delete|repo delete|repo archive|repo create|repo transfer|release delete|release create|release upload|variable|variable set|variable delete|variable get|ssh-key|auth login|auth logout|ci delete|api|token|schedule|snippet|deploy-key|cluster
hub LOW: browse issue pr-list ci-status
hub HIGH[changes or exposes a shared forge]: delete release create api sync gist merge
aws MEDIUM: configure-list|sso login|ecr get-login-password|configure list
gcloud LOW: info version|config list|config get-value|config get|auth list|projects list|components list
gcloud MEDIUM: config|config set|auth login|config configurations
az LOW: version|account show|account list
az MEDIUM: login|account set
heroku LOW: apps ps logs info releases status addons|ps
heroku HIGH[changes shared infrastructure]: apps:destroy config config:set config:unset config:get pg:reset pg:push pg:psql run ps:scale ps:restart releases:rollback maintenance:on addons:destroy domains:remove access:add pg:copy apps:rename auth:token keys:add pg:credentials:rotate
flyctl LOW: status logs info version|apps list|machine list|machines list|releases
flyctl HIGH[changes shared infrastructure]: deploy destroy scale secrets ssh|apps destroy|volumes destroy|machine destroy|postgres
fly LOW: status logs info version|apps list|machine list|releases
fly HIGH[changes shared infrastructure]: deploy destroy scale secrets ssh|apps destroy|volumes destroy|volumes delete|machine destroy|machines destroy|postgres|tokens
railway LOW: status logs list whoami version help
railway MEDIUM: link run init open
railway HIGH[changes shared infrastructure]: up down delete redeploy variables environment volume ssh connect
vercel LOW: ls list inspect logs whoami|env ls|domains ls
vercel MEDIUM: dev build link pull
vercel HIGH[changes shared infrastructure]: deploy remove rm env domains alias secrets promote rollback project dns certs --prod
netlify LOW: status|sites:list|env:list
netlify MEDIUM: dev build link init
netlify HIGH[changes shared infrastructure]: deploy api env:set env:unset sites:delete env:get
wrangler LOW: whoami tail types
wrangler MEDIUM: dev init build
wrangler HIGH[changes shared infrastructure]: deploy publish delete secret kv r2 d1 login rollback pages queues|kv:namespace|kv:key
firebase LOW: projects:list login:list
firebase MEDIUM: serve emulators:start emulators:exec init use
firebase HIGH[changes shared infrastructure]: deploy firestore:delete database:remove hosting:disable functions:delete projects:create auth:export auth:import database:set apps:create
supabase LOW: status services|projects list|migration list|db diff
supabase MEDIUM: start stop init gen link|db pull|migration new|db lint|functions serve|db start|migration up
supabase HIGH[drops or changes a database]: db|db reset|db push|functions deploy|functions delete|projects delete|projects create|secrets|secrets set|branches|migration repair
doctl LOW: account version|compute droplet list|kubernetes cluster list|databases list|apps list
doctl HIGH[changes shared infrastructure]: compute kubernetes databases apps auth registry projects serverless
hcloud LOW: server-list|server list|context list|server describe
hcloud HIGH[changes shared infrastructure]: server volume network firewall ssh-key image
eksctl LOW: get version info
eksctl HIGH[changes shared infrastructure]: create delete scale drain upgrade utils
argocd LOW: version|app list|app get|app diff|app logs|app history
argocd HIGH[changes a shared cluster]: app cluster repo proj login account|app delete|app sync|app set|app rollback
flux LOW: check get logs version tree|get all
flux HIGH[changes a shared cluster]: bootstrap uninstall delete suspend resume reconcile create
istioctl LOW: version analyze proxy-status ps proxy-config pc
istioctl HIGH[changes a shared cluster]: install uninstall upgrade
kops HIGH[changes a shared cluster]: delete update create rolling-update edit replace
kubeadm HIGH[changes a shared cluster]: reset init join token upgrade certs
minikube LOW: status ip version profile service dashboard logs
minikube MEDIUM: start stop pause unpause addons image config kubectl ssh tunnel cache
minikube HIGH[destroys a cluster and what it holds]: delete
kind LOW: get version|get clusters|get nodes|get kubeconfig
kind MEDIUM: create load build export
kind HIGH[destroys a cluster and what it holds]: delete
colima MEDIUM: start stop status list ssh restart
colima HIGH[destroys a cluster and what it holds]: delete
mise HIGH[plants something that runs later]: trust|settings set
mise MEDIUM: default
conan HIGH[publishes a package]: upload
createdb MEDIUM: default
pg_ctl LOW: status
pg_ctl MEDIUM: start restart reload init initdb logrotate
pg_ctl HIGH[stops a database]: stop kill promote register unregister
pg_dump MEDIUM: default
pg_dumpall MEDIUM: default
pg_isready LOW: default
mysqldump MEDIUM: default
mongodump MEDIUM: default
mysqladmin LOW: status ping version processlist variables extended-status
mysqladmin MEDIUM: create
mysqladmin HIGH[drops or changes a database]: drop shutdown password flush-privileges kill flush-logs flush-hosts
rails LOW: routes stats notes
rails MEDIUM: server s console c generate g test t db:migrate db:rollback db:seed db:create db:prepare db:schema:load db:test:prepare destroy d new zeitwerk:check assets:precompile assets:clean tmp:clear log:clear
rails HIGH[drops a database or its data]: db:drop db:reset db:purge db:migrate:reset db:truncate_all db:drop:all db:seed:replant db:environment:set credentials:edit credentials:show db:setup
rake HIGH[drops a database or its data]: db:drop db:reset db:purge db:migrate:reset db:truncate_all db:drop:all release db:setup
artisan LOW: list route:list about env migrate:status
artisan MEDIUM: serve test migrate make:model make:controller make:migration cache:clear config:cache config:clear route:clear view:clear optimize queue:work db:seed
artisan HIGH[drops a database or its data]: migrate:fresh migrate:reset migrate:refresh db:wipe down key:generate tinker
prisma LOW: validate format version|migrate status
prisma MEDIUM: generate init studio|migrate dev|migrate deploy|db pull|db seed|migrate diff|migrate resolve
prisma HIGH[drops or changes a database]: migrate reset|migrate reset|db push --force-reset|db push --accept-data-loss|db execute|db drop
alembic LOW: history current heads show check branches
alembic MEDIUM: upgrade revision merge init stamp
alembic HIGH[drops or changes a database]: downgrade base|downgrade base
sequelize MEDIUM: db:migrate db:seed:all model:generate migration:generate db:create
sequelize HIGH[drops a database or its data]: db:drop db:migrate:undo:all db:seed:undo:all
sequelize-cli MEDIUM: db:migrate db:seed:all model:generate migration:generate db:create
sequelize-cli HIGH[drops a database or its data]: db:drop db:migrate:undo:all db:seed:undo:all
knex MEDIUM: migrate:latest migrate:make seed:run migrate:status migrate:up
knex HIGH[drops a database or its data]: migrate:rollback --all
typeorm MEDIUM: migration:run migration:generate migration:create
typeorm HIGH[drops a database or its data]: schema:drop
drizzle-kit MEDIUM: generate migrate check up studio introspect
drizzle-kit HIGH[drops a database or its data]: drop
diesel MEDIUM: migration setup print-schema
diesel HIGH[drops a database or its data]: database|database reset|database drop
sqlx MEDIUM: migrate prepare|database create|database setup
sqlx HIGH[drops a database or its data]: database drop|database reset
dbmate MEDIUM: up new status migrate create wait
dbmate HIGH[drops a database or its data]: drop down
mix LOW: help hex.info hex.outdated xref app.tree deps.tree
mix MEDIUM: test compile format deps.get deps.update deps.compile deps.clean clean phx.server phx.new phx.gen run ecto.migrate ecto.create ecto.gen.migration credo dialyzer docs release new
mix HIGH[drops a database or publishes]: ecto.drop ecto.reset hex.publish hex.retire hex.user hex.owner ecto.rollback
flyway LOW: info validate version
flyway MEDIUM: migrate baseline repair
flyway HIGH[drops a database or its data]: clean undo
liquibase LOW: status history validate diff
liquibase MEDIUM: update
liquibase HIGH[drops a database or its data]: dropAll drop-all rollback rollback-count
flask HIGH[drops a database or its data]: db-drop drop-db|db downgrade|db stamp
hugo MEDIUM: default
hugo HIGH[publishes or deploys]: deploy
mkdocs MEDIUM: build serve new
mkdocs HIGH[publishes or deploys]: gh-deploy
mvn MEDIUM: default
mvn HIGH[publishes or deploys]: deploy release:perform release:prepare deploy:deploy-file site:deploy wagon:upload nexus-staging:release
gradle MEDIUM: default
gradle HIGH[publishes or deploys]: publish publishToMavenCentral publishPlugins uploadArchives closeAndReleaseRepository publishAllPublicationsToMavenRepository bintrayUpload
gradlew MEDIUM: default
gradlew HIGH[publishes or deploys]: publish publishToMavenCentral publishPlugins uploadArchives closeAndReleaseRepository
mvnw MEDIUM: default
mvnw HIGH[publishes or deploys]: deploy release:perform release:prepare
sbt MEDIUM: default
sbt HIGH[publishes or deploys]: publish publishSigned release sonatypeRelease
lein MEDIUM: default
lein HIGH[publishes or deploys]: deploy release
nimble HIGH[publishes or deploys]: publish
stack HIGH[publishes or deploys]: upload
cabal HIGH[publishes or deploys]: upload
dart LOW: analyze doc info
dart MEDIUM: run test format compile create fix pub
dart HIGH[publishes or deploys]: pub publish|pub publish
flutter LOW: analyze doctor
flutter MEDIUM: run test build pub clean create drive gen-l10n upgrade
flutter HIGH[publishes or deploys]: pub publish|pub publish
pod LOW: outdated search list
pod MEDIUM: install update init deintegrate lib spec-lint
pod HIGH[publishes or deploys]: trunk|trunk push|trunk delete|repo push
vsce LOW: ls show
vsce MEDIUM: package
vsce HIGH[publishes or deploys]: publish unpublish login
lerna HIGH[publishes or deploys]: publish
changeset HIGH[publishes or deploys]: publish
nuget HIGH[publishes or deploys]: push delete|sources add
luarocks HIGH[publishes or deploys]: upload
opam HIGH[publishes or deploys]: publish
skaffold LOW: diagnose render
skaffold MEDIUM: build dev
skaffold HIGH[changes a shared cluster]: run deploy delete
nix LOW: search eval show-config why-depends path-info|flake show|flake metadata|flake check|store ls
nix MEDIUM: build develop profile fmt flake run shell
nix HIGH[changes or erases the system's packages]: store|store delete|store gc|upgrade-nix|copy
nix-collect-garbage HIGH[changes or erases the system's packages]: default
nixos-rebuild HIGH[changes the machine]: default
home-manager HIGH[changes the machine]: switch
chezmoi LOW: diff status managed data doctor
chezmoi HIGH[plants something that runs later]: apply update init edit
stow HIGH[plants something that runs later]: default
dscacheutil HIGH[changes the machine]: default
crontab LOW: -l
crontab HIGH[plants something that runs later, or removes it]: default
atq LOW: default
atrm HIGH[plants something that runs later, or removes it]: default
direnv LOW: status version
direnv MEDIUM: reload
direnv HIGH[plants something that runs later]: allow grant permit edit exec hook
pre-commit MEDIUM: run install-hooks autoupdate validate-config clean gc sample-config
pre-commit HIGH[plants code in the repository's hooks]: install init-templatedir uninstall
husky HIGH[plants code in the repository's hooks]: default
lefthook MEDIUM: run
lefthook HIGH[plants code in the repository's hooks]: install add
rclone LOW: ls lsl lsd lsf size check version listremotes about tree md5sum sha1sum
rclone HIGH[sends local data away, or deletes it]: copy sync move copyto moveto delete purge rmdir rmdirs cat serve mount config bisync cleanup deletefile rcat dedupe copyurl
restic LOW: snapshots stats ls find check list version diff
restic HIGH[deletes backups or sends data away]: forget prune backup restore rewrite key unlock init copy
borg LOW: list info check diff
borg HIGH[deletes backups or sends data away]: delete prune create extract compact key init
gsutil LOW: ls du stat  hash
gsutil HIGH[destroys or exposes shared data, or sends local data away]: rm mv cp rsync rb acl iam defacl setmeta mb web lifecycle cors versioning cat signurl
s3cmd LOW: ls du info la
s3cmd HIGH[destroys or exposes shared data, or sends local data away]: del rm rb put sync mv setacl get mb setpolicy cp
mc LOW: ls stat du tree diff find
mc HIGH[destroys or exposes shared data, or sends local data away]: rm rb cp mirror mv policy admin anonymous share alias cat
b2 HIGH[destroys or exposes shared data, or sends local data away]: delete-bucket sync upload-file rm delete-file-version
az-copy HIGH[sends local data away]: default
azcopy HIGH[sends local data away]: copy remove sync
bq LOW: ls show
bq HIGH[drops or changes a database]: rm cp load mk update query insert extract
snowsql HIGH[drops or changes a database]: default
mongosh LOW: --version
redis-cli LOW: get mget keys scan info ping ttl type exists llen lrange hget hgetall hkeys smembers scard zrange zcard dbsize strlen monitor client memory latency slowlog object time --version --scan --bigkeys hlen sismember zscore echo --stat|config get|client list
redis-cli MEDIUM: set incr decr lpush rpush hset sadd zadd expire setex append publish setnx mset del unlink hdel srem persist rename lpop rpop select subscribe
redis-cli HIGH[drops, exposes or overwrites data]: flushall flushdb shutdown config debug slaveof replicaof script eval evalsha migrate module save bgrewriteaof acl cluster failover swapdb function|config set|config rewrite|--eval
influx HIGH[drops or changes a database]: delete bucket org
cypher-shell MEDIUM: default
rabbitmqctl LOW: list_queues status cluster_status list_users list_connections
rabbitmqctl HIGH[changes shared infrastructure]: reset force_reset stop stop_app delete_queue purge_queue delete_user add_user set_permissions delete_vhost change_password
kafka-topics HIGH[destroys shared data]: --delete --alter
gpg LOW: --list-keys --version --verify -k --fingerprint --list-packets --list-public-keys
gpg MEDIUM: --sign -s --detach-sign -b --armor --encrypt -e -c --symmetric --recv-keys --import --clearsign --dearmor
gpg HIGH[reads, changes or gives away keys]: --export-secret-keys --export-secret-subkeys --delete-secret-keys --delete-keys --delete-secret-and-public-key --send-keys --gen-key --generate-key --full-generate-key --edit-key --batch --decrypt -d
gpg2 HIGH[reads, changes or gives away keys]: --export-secret-keys --delete-secret-keys
gpgconf HIGH[reads, changes or gives away keys]: --kill
ssh-keygen LOW: -l -lf -E -B
ssh-keygen MEDIUM: -t -F -e
ssh-keygen HIGH[reads, changes or gives away keys]: -y -p -R -f
ssh-add LOW: -l -L
ssh-add HIGH[reads, changes or gives away keys]: default
ssh-copy-id HIGH[grants login]: default
ssh-keyscan LOW: default
keytool LOW: -list -printcert
keytool HIGH[reads, changes or gives away keys]: -delete -genkey -genkeypair -importcert -exportcert -storepasswd -importkeystore
openssl LOW: version  verify dgst ciphers s_client asn1parse crl speed list help
openssl MEDIUM: rand req genrsa ecparam prime passwd
openssl HIGH[reads, changes or gives away keys, or hides text]: rsa pkey pkcs12 pkcs8 ec s_server  smime cms
certbot HIGH[changes the machine]: default
mkcert MEDIUM: default
setfacl HIGH[changes who may read or write]: default
chattr HIGH[changes who may read or write]: default
setfattr HIGH[changes who may read or write]: default
history LOW: default
history HIGH[erases traces]: -c -d -w -r -cw clear delete clear-session
defaults LOW: read domains find
defaults HIGH[changes the machine]: write delete import
git-lfs LOW: ls-files status env
git-lfs MEDIUM: track untrack pull fetch install checkout
git-lfs HIGH[loses or rewrites shared work]: prune migrate unlock|--force
pg_restore MEDIUM: default
pg_restore HIGH[drops or changes a database]: --clean -c --create -C
tox MEDIUM: default
hg LOW: status log diff cat annotate branches tags heads id summary paths
hg MEDIUM: add commit pull update merge branch bookmark graft import export push clone init
hg HIGH[loses work or rewrites history]: strip purge rollback|update --clean|push --force|update -C|push -f|revert --all
svn LOW: status log diff info list ls cat blame
svn MEDIUM: add update up checkout co switch merge resolve cleanup copy cp mkdir
svn HIGH[changes a shared repository]: delete rm commit ci import propset lock unlock relocate|revert -R|cleanup --remove-unversioned|cleanup --remove-ignored
bzr LOW: status log diff info ls cat annotate version missing
bzr MEDIUM: add commit branch checkout update pull merge init push
bzr HIGH[loses work or changes a shared repository]: revert clean-tree uncommit remove-branch|push --overwrite
fossil LOW: status timeline diff info ls cat finfo changes version
fossil MEDIUM: add commit update open init clone pull merge sync push
fossil HIGH[loses work or changes a shared repository]: revert clean undo scrub
jj LOW: log status st diff show
jj MEDIUM: new commit describe squash edit rebase split bookmark
jj HIGH[loses work or rewrites history]: abandon restore|op restore|git push
k3d LOW: version|cluster list|node list|registry list|kubeconfig get
k3d MEDIUM: image|cluster create|cluster start|cluster stop|cluster edit|kubeconfig merge|registry create|node create
k3d HIGH[destroys a cluster and what it holds]: cluster delete|cluster rm|node delete|registry delete
multipass LOW: list info find get version networks
multipass MEDIUM: launch start stop shell mount umount exec transfer restart suspend alias set|snapshot
multipass HIGH[destroys a virtual machine and what it holds]: delete purge restore
limactl LOW: list info validate show-ssh
limactl MEDIUM: start stop create shell edit copy protect
limactl HIGH[destroys a virtual machine and what it holds]: delete prune factory-reset unprotect|disk delete
virsh LOW: list dominfo domstate dumpxml nodeinfo version net-list pool-list vol-list snapshot-list capabilities domblklist
virsh MEDIUM: start shutdown suspend resume define create console save snapshot-create edit net-start autostart
virsh HIGH[destroys a virtual machine and what it holds]: destroy undefine vol-delete vol-wipe pool-delete pool-destroy net-destroy net-undefine snapshot-delete snapshot-revert reset migrate detach-disk managedsave-remove blockcommit qemu-monitor-command qemu-agent-command guest-agent-timeout set-user-password
VBoxManage LOW: list showvminfo showmediuminfo guestproperty
VBoxManage MEDIUM: startvm createvm modifyvm registervm clonevm import export|snapshot take
VBoxManage HIGH[destroys a virtual machine and what it holds]: guestcontrol unregistervm controlvm closemedium discardstate|snapshot delete|snapshot restore|sharedfolder add|extpack install
vmrun LOW: list
vmrun HIGH[destroys a virtual machine and what it holds]: deleteVM stop reset revertToSnapshot deleteSnapshot runProgramInGuest runScriptInGuest copyFileFromHostToGuest
simctl MEDIUM: default
atuin LOW: search stats status info doctor
atuin MEDIUM: import init
atuin HIGH[erases traces or sends them away]: sync login register logout account|history prune|history delete|history dedup|--delete|--delete-it-all
lastlog LOW: -u -t -b
lastlog HIGH[erases traces]: --clear -C --set -S
faillock LOW: default
faillock HIGH[changes who may log in]: --reset
wevtutil LOW: el gl qe
wevtutil HIGH[erases traces]: cl clear-log sl set-log um uninstall-manifest
log LOW: show stream stats
log HIGH[erases traces]: erase config collect
kcat LOW: -L -C -Q
kcat HIGH[writes to a shared queue]: -P default
kafkacat LOW: -L -C -Q
kafkacat HIGH[writes to a shared queue]: -P default
hdfs LOW: -ls -cat -du -df -stat -tail -count -test -checksum version
hdfs HIGH[destroys or exposes shared data]: default
hadoop LOW: -ls -cat -du -df -stat -tail -count -test -checksum version
hadoop HIGH[destroys or exposes shared data]: default
kafka-topics LOW: --list --describe --version
kafka-topics MEDIUM: --create
kafka-consumer-groups LOW: --list --describe
kafka-consumer-groups HIGH[changes what a shared queue keeps]: --delete --reset-offsets --delete-offsets
goose MEDIUM: up up-by-one up-to down redo status version create fix validate
goose HIGH[starts another agent]: run session acp
goose HIGH[drops a database or its data]: reset down-to
migrate MEDIUM: up down create version goto
migrate HIGH[drops a database or its data]: drop force|down -all
nodetool LOW: status info ring tpstats cfstats tablestats netstats version describecluster gossipinfo compactionstats
nodetool HIGH[changes a shared database]: default
rke HIGH[changes a shared cluster]: up remove
terraform-docs MEDIUM: default
guix LOW: search show describe size graph lint
guix MEDIUM: shell build environment pull import time-machine hash
guix HIGH[changes the machine]: remove install upgrade package system home deploy gc archive|-r
choco LOW: list search info outdated
winget LOW: list search show
scoop LOW: list search info status
xattr LOW: -l -p
xattr HIGH[changes what the system trusts]: -d -c -w -cr -rd -dr -r
robocopy MEDIUM: default
robocopy HIGH[deletes what is not in the source]: /MIR /PURGE /MOVE /MOV
dvc HIGH[loses or rewrites shared work]: destroy gc remove push
pre-commit HIGH[runs code from an unreviewed address]: try-repo
java LOW: -version --version -help
java MEDIUM: default
nix-build MEDIUM: default
flask MEDIUM: shell run routes
artisan HIGH[reads credentials or keys]: env:decrypt
getent LOW: default
getent HIGH[reads credentials or keys]: shadow gshadow
logger MEDIUM: default
logger HIGH[sends local data to another machine]: -n --server
snmpset HIGH[changes something on another machine]: default
smbclient LOW: -L --list
smbclient HIGH[reaches into another machine's files]: -c --command default
date LOW: default
date HIGH[changes the machine]: -s --set
gsettings LOW: get list-schemas list-keys list-recursively range describe monitor
gsettings HIGH[changes the desktop, and what its keys run]: set reset reset-recursively
dconf LOW: read list dump watch
dconf HIGH[changes the desktop, and what its keys run]: write reset load update compile
xdg-settings LOW: get check
xdg-settings HIGH[changes what opens files and addresses]: set
xdg-mime LOW: query
xdg-mime HIGH[changes what opens files and addresses]: default install uninstall
pm2 LOW: list ls status logs show describe info monit
pm2 MEDIUM: start stop restart reload scale flush
pm2 HIGH[plants something that runs later, or stops everything]: startup unstartup save resurrect kill deploy link
"""


def _parse(text: str) -> dict[str, dict[str, tuple[int, str]]]:
    table: dict[str, dict[str, tuple[int, str]]] = {}
    levels = {"LOW": 1, "MEDIUM": 2, "HIGH": 3}
    for line in text.strip().splitlines():
        head, _, body = line.partition(": ")
        reason = ""
        if "[" in head:
            head, _, reason = head.partition("[")
            reason = reason.rstrip("]")
        program, level = head.split()
        entries = table.setdefault(program, {})
        pieces = body.split("|")
        names = pieces[0].split() + pieces[1:]
        if level == "HIGH" and len(pieces) > 1 and pieces[0] in pieces[1:]:
            names = pieces[1:]
        for name in names:
            entries[name] = (levels[level], reason)
    return table


SUBCOMMANDS = _parse(_SUBCOMMANDS)
"""program → subcommand words (or option, or `default`) → (level, reason)."""

OPTION_VALUES: dict[str, frozenset[str]] = {
    "pg_ctl": frozenset(wordlist("-D --pgdata -l --log -m --mode -o --options -t --timeout -p")),
    "docker": frozenset(
        wordlist(
            """
    -H --host -c --context --config -l --log-level -f --file -p --project-name --profile
    --env-file --project-directory
    """
        )
    ),
    "docker-compose": frozenset(
        ["-f", "--file", "-p", "--project-name", "--profile", "--env-file", "--project-directory"]
    ),
    "kubectl": frozenset(
        wordlist(
            """
    -n --namespace --context --cluster --kubeconfig -s --server --user --token --as -l
    --selector -o --output
    """
        )
    ),
    "oc": frozenset(["-n", "--namespace", "--context", "--kubeconfig"]),
    "helm": frozenset(["-n", "--namespace", "--kube-context", "--kubeconfig"]),
    "gh": frozenset(["-R", "--repo"]),
    "glab": frozenset(["-R", "--repo"]),
    "npm": frozenset(["--prefix", "-w", "--workspace", "--registry"]),
    "yarn": frozenset(["--cwd"]),
    "pnpm": frozenset(["-C", "--dir", "--filter", "-F"]),
    "cargo": frozenset(["--manifest-path", "-Z", "--config", "--color", "-C"]),
    "terraform": frozenset(),
    "poetry": frozenset(["-C", "--directory", "-P", "--project"]),
    "uv": frozenset(["--directory", "--project", "--config-file"]),
    "mvn": frozenset(
        wordlist("-f --file -pl -P --projects -s --settings -gs -t -T -rf"),
    ),
    "redis-cli": frozenset(["-h", "-p", "-a", "-n", "-u", "--user", "--pass", "-s", "-i", "-r"]),
    "go": frozenset(["-C"]),
    "systemctl": frozenset(
        wordlist(
            """
    -H --host -M --machine -t --type -p --property -n
    """
        )
    ),
    "journalctl": frozenset(["-u", "--unit", "-n", "--lines", "--since", "--until", "-o", "-p"]),
    "hg": frozenset(["-R", "--repository", "--cwd"]),
    "mysqladmin": frozenset(["-h", "-P", "--host", "--port"]),
    "alembic": frozenset(["-c", "--config", "-n", "--name", "-x"]),
    "bundle": frozenset(["--gemfile"]),
    "pip": frozenset(["--proxy", "--python"]),
    "gradle": frozenset(["-b", "-c", "-I", "-p", "-g", "-x", "--tests", "--init-script"]),
    "migrate": frozenset(["-path", "-database", "-source"]),
    "az": frozenset(["-n", "--name", "-g", "--resource-group"]),
}
