# ruff: noqa: E501 - tables read better unbroken
"""One level for a whole program, whatever it is told to do.

A program that stands in no table, and has no rule of its own, is MEDIUM by name: a literal program
that no rule knows.
"""

from __future__ import annotations

from agent.risk.arguments import wordlist

LOW_PROGRAMS = frozenset(
    wordlist(
        """
    : true false test [ [[ echo printf pwd ls dir vdir ll la l tree stat file du df wc date cal
    whoami id groups users uname hostname uptime arch nproc free vmstat iostat lscpu lsblk lsusb
    lspci lsmod lsof ps pgrep pidof top htop btop pstree who w last tty locale printenv which
    whereis type whatis apropos info help tldr cheat basename dirname realpath readlink seq yes
    expr bc dc factor numfmt cut paste tr fold fmt nl rev uniq comm join column expand unexpand
    pr tac shuf md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum md5
    shasum xxd od hexdump strings base64 base32 cmp diff diff3 sdiff colordiff delta difft grep
    egrep fgrep rg ag ack zgrep zcat bzcat xzcat zstdcat lz4cat zless jq yq xq htmlq gron fx
    miller mlr xsv qsv csvlook csvcut csvstat csvgrep cloc scc tokei sloccount locate plocate
    fzf sk exa eza lsd bat batcat glow nm objdump readelf ldd size otool addr2line cd pushd popd
    dirs return exit shift set unset export declare typeset local readonly let wait times hash
    ulimit umask shopt getopts caller bind complete compgen compopt disown jobs fg bg suspend
    logout read mapfile readarray true sleep usleep clear reset tput history fc break
    continue enable getconf getent pathchk logname cksum tsort ptx look spell aspell hunspell
    ping ping6 traceroute tracepath mtr dig host nslookup whois netstat ss ifconfig arp route
    nmcli ip neofetch fastfetch screenfetch lsb_release sw_vers system_profiler say
    figlet cowsay lolcat fortune sl pv identify exiftool ffprobe mediainfo soxi pdfinfo
    pdftotext pdffonts xmllint tidy jsonlint yamllint shellcheck hadolint actionlint
    markdownlint markdownlint-cli2 vale codespell typos flake8 pylint mypy pyright basedpyright
    pyre pytype bandit vulture radon pydocstyle pycodestyle pyflakes eslint tsc tslint stylelint
    standard biome oxlint rubocop golint golangci-lint staticcheck govulncheck clang-tidy
    cppcheck ktlint detekt checkstyle swiftlint luacheck ansible-lint tflint tfsec checkov trivy
    grype syft semgrep commitlint depcheck knip madge npm-check ncu lychee time less more most
    man hostid printf sdiff gh-dash act-list getfacl lsattr getfattr namei findmnt mountpoint
    blkid-list lslocks lsns lsipc ipcs numactl taskset-show timedatectl-status
    hostnamectl-status loginctl-status asciinema-list mdcat column vercel-whoami http-status
    cmake-gui-list ctags-list git-lfs-ls tmutil-list sha3sum sum crc32 zipinfo lsar unar-list
    dust duf procs hyperfine tokio-console watchexec-list entr-list envsubst pinfo zipgrep sar
    mpstat pidstat dmesg journalctl-list uuidgen mcookie od iconv uconv enca chardet
    dos2unix-info nproc lstopo cpuid sensors acpi upower inxi hwinfo dmidecode-list rehash
    alias-list printf true rustc-version pdfgrep ripgrep-all rga fd-list choose sd-list teip
    """
    )
)

MEDIUM_PROGRAMS = frozenset(
    wordlist(
        """
    xterm rxvt urxvt st mkdir touch mktemp rmdir gcc g++ cc c++ clang clang++ ld as ar ranlib strip rustc javac
    scalac kotlinc swiftc ghc ocamlc ocamlopt dmd ldc2 gfortran nasm yasm protoc flex bison yacc
    lex autoconf automake autoreconf libtoolize configure cmake ctest cpack ninja meson scons
    bazel bazelisk buck buck2 pants gradle gradlew mvn mvnw ant sbt mill lein boot clj leiningen
    pytest py.test unittest nosetests tox nox coverage jest vitest mocha ava tap jasmine karma
    cypress playwright wdio testcafe nightwatch rspec minitest phpunit pest behat bats shellspec
    busted gtest ginkgo gotestsum cargo-nextest black isort ruff autopep8 yapf autoflake
    pyupgrade prettier gofmt goimports gofumpt rustfmt clang-format shfmt stylua taplo dprint
    ktfmt google-java-format swiftformat scalafmt ormolu webpack rollup vite esbuild parcel swc
    babel tsup turbo nx lerna rush gulp grunt next nuxt astro remix gatsby eleventy hugo jekyll
    mkdocs sphinx-build sphinx-apidoc pdoc doxygen typedoc jsdoc mdbook zola storybook ng vue
    expo flutter dart pod xcodebuild fastlane-list uvicorn gunicorn hypercorn daphne
    waitress-serve flask fastapi streamlit gradio jupyter jupyter-lab ipython nodemon
    ts-node-dev http-server serve live-server json-server browser-sync rails rake puma unicorn
    thin sidekiq alembic dbmate goose flyway liquibase prisma drizzle-kit knex sequelize typeorm
    sqlx diesel mix iex elixir elixirc rebar3 stack cabal dune opam-list zig nim nimble crystal
    shards v lake lean unzip gunzip gzip bzip2 bunzip2 xz unxz zstd unzstd lz4 7z 7za unrar unar
    cpio ffmpeg convert magick mogrify-list sox pandoc pdflatex xelatex lualatex latexmk
    tectonic bibtex biber dot plantuml mmdc gnuplot patch split csplit xdg-open open code subl
    cursor zed pre-commit pip-compile pip-sync pipdeptree twine-check cookiecutter copier cruft
    yeoman yo degit act dvc mlflow wandb-list locust k6 ab wrk hey vegeta siege bombardier
    dos2unix unix2dos ctags etags cscope gdb lldb valgrind perf pdb gcov lcov gcovr genhtml
    llvm-cov go-cov-report helm-docs terraform-docs tldr-update direnv-status kind minikube k3d
    skaffold tilt ln-list install-list logger wall-list notify-send osascript-list xclip xsel
    pbcopy pbpaste wl-copy wl-paste vitepress changeset auto-changelog git-cliff
    conventional-changelog standard-version cz bump2version bumpversion bump-my-version pwgen
    screen-list buf sqlc mockgen wire oapi-codegen swag templ air wasm-pack wasm-bindgen trunk
    maturin hatchling flit-build meson-python cibuildwheel auditwheel hypothesis mutmut
    cosmic-ray interrogate pyinstaller nuitka cython cythonize briefcase shiv pex zipapp
    django-admin celery dotnet-format msbuild nuget-list paket fsc csc mcs mono tee killall-list
    sdkman-list jshell renice nice-list ionice-list flock-list wkhtmltopdf chromium-list
    import-list gifsicle optipng pngquant jpegoptim svgo cwebp rsvg-convert inkscape qpdf
    gs ps2pdf dialog whiptail gum kubeconform kubeval kustomize conftest opa cue jsonnet ytt
    dhall sops-list age-list rbenv pyenv nvm fnm volta asdf mise corepack nodenv tauri electron
    electron-builder cap capacitor ionic eas-build react-native metro watchman terminalizer
    asciinema vhs entr watchexec bundle-audit brakeman reek sorbet srb tapioca solargraph steep
    rbs erb haml slim foreman overmind hivemind honcho goreman mailhog mailpit ngrok-list
    localstack moto_server wiremock stubby prism swagger-cli openapi-generator graphql-codegen
    apollo relay-compiler tailwindcss postcss sass lessc stylus uglifyjs terser csso
    html-minifier imagemin
    """
    )
)

HIGH_PROGRAMS: dict[str, str] = {}


def _high(reason: str, names: str) -> None:
    HIGH_PROGRAMS.update(dict.fromkeys(names.split(), reason))


_high(
    "plants something that runs later",
    "desktop-file-install desktop-file-edit xdg-desktop-menu xdg-desktop-icon update-desktop-database xdg-mime",
)
_high(
    "deletes what a person may want back",
    "trash-empty rmtrash-empty empty-trash autotrash trash-rm",
)
_high(
    "runs with other privileges",
    """
    sudo su doas pkexec pfexec sudo-rs please gksu gksudo kdesu kdesudo beesu lxqt-sudo sux sesu pbrun really userhelper
    consolehelper runas gsudo elevate priv fakechroot psexec setuid runuser gosu su-exec setpriv sudoedit visudo vipw vigr dzdo calife sg newgrp
    chsh chfn passwd chpasswd useradd userdel usermod adduser deluser groupadd groupdel groupmod
    addgroup delgroup gpasswd newusers dscl setcap capsh polkit-agent-helper-1 fakeroot-sudo
    super ksu machinectl run0 pam-auth-update authconfig realm dseditgroup sysadminctl icacls takeown cacls""",
)
_high(
    "writes over a disk or its partitions",
    """
    mkfs mke2fs mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.fat mkfs.ntfs
    mkfs.f2fs mkfs.minix mkfs.exfat mkdosfs mkntfs mkswap fdisk sfdisk cfdisk gdisk sgdisk cgdisk
    parted partprobe wipefs blkdiscard hdparm nvme badblocks lvremove vgremove pvremove lvcreate vgcreate
    pvcreate lvreduce lvresize mdadm cryptsetup zpool zfs btrfs resize2fs tune2fs e2label fatlabel swaplabel xfs_admin debugfs xfs_repair e2fsck fsck
    losetup dmsetup diskutil newfs kpartx flashrom fwupdmgr efibootmgr grub-install update-grub grub-mkconfig
    asr hdiutil ddrescue dcfldd dc3dd xfs_growfs ntfsresize gpart bcache veracrypt luksformat mkfs.jfs mkfs.reiserfs
    sg_format format.com swapon swapoff""",
)
_high(
    "deletes beyond recovery",
    "srm wipe scrub nwipe dban secure-delete sfill smem sswap bleachbit rimraf-all",
)
_high(
    "changes the machine, its network or its defences",
    """
    shutdown reboot halt poweroff init telinit systemctl-isolate setenforce iptables ip6tables
    iptables-restore ip6tables-restore nft ufw firewall-cmd ebtables pfctl ipset tc ifdown ifup wpa_cli
    iwconfig rfkill modprobe insmod rmmod depmod kexec sysctl swapoff mount umount pivot_root
    insserv update-rc.d chkconfig rc-update invoke-rc.d aa-disable aa-teardown aa-complain semodule auditctl
    update-alternatives dpkg-reconfigure killall5 slay authopen ntpdate hwclock chronyc setserial loadkeys telnetd launchctl
    spctl csrutil nvram pmset scutil networksetup systemsetup tmutil kextload kextunload profiles xattr-clear
    dhclient brctl ethtool wg wg-quick openvpn chage update-initramfs mkinitcpio dracut update-grub grub2-mkconfig
    bootctl pm-suspend pm-hibernate pm-suspend-hybrid ovs-vsctl iwctl netplan pwconv grpconv rc-service sv
    initctl s6-svc s6-rc supervisorctl ldconfig dkms systemd-tmpfiles systemd-cryptenroll tpm2_clear ipmitool
    arptables conntrack ipvsadm semanage resolvectl networkctl snapper timeshift flashrom fwupdmgr route-add vconfig ctrlaltdel wall mesg write talk
    augtool grubby logrotate setsebool chcon restorecon apparmor_parser usbguard authselect fail2ban-client sysrc service-stop""",
)
_high(
    "changes the machine",
    """
    emerge xbps-install xbps-remove eopkg slackpkg installpkg removepkg upgradepkg nix-env nix-channel nix-store guix-daemon
    pkg pkg_add pkg_delete pkg_info swupd urpmi urpme tazpkg opkg ipkg rpm-ostree ostree bootc transactional-update
    dpkg-divert dpkg-statoverride dpkg-deb-install aptitude apt-mark apt-key add-apt-repository apt-add-repository apt-file-update
    tasksel synaptic packagekit pkcon yay paru pamac pikaur trizen pacaur makepkg-install dnf5 microdnf tdnf
    choco winget scoop softwareupdate installer mas pkgutil pkgin ports fwupdtool fwupdate ubuntu-drivers do-release-upgrade
    unattended-upgrade needrestart debconf-set-selections alternatives update-ca-certificates update-ca-trust trust
    gnome-session-quit xfce4-session-logout qdbus-logout cinnamon-session-quit mate-session-save lxsession-logout i3-msg swaymsg
    hyprctl bspc herbstclient xrandr xset xmodmap setxkbmap bluetoothctl rfkill iw hcitool hciconfig
    fstrim multipath iscsiadm targetcli tgtadm wodim cdrecord growisofs clonezilla partimage fsarchiver udisksctl eject
    dfu-util avrdude fastboot esptool esptool.py openocd flashcp flash_erase nandwrite mtd ubiformat stm32flash st-flash bossac picotool
    sysrq bcdedit diskpart format chronyd ntpd timesyncd rcctl vmctl monit renice cgdelete cgset cgcreate cgclassify
    stress stress-ng chflags ulogd arpspoof macchanger hping3 ifenslave bridge teamd dnsmasq hostapd dhcpd radvd
      named kresd exim postfix postconf postsuper newaliases dovecot doveadm apachectl apache2ctl
    a2ensite a2enmod a2dissite varnishadm haproxy squid pure-ftpd vsftpd proftpd smbd nmbd
    sshd telnetd in.telnetd rshd rlogind vncserver x11vnc Xvnc xrdp vino-server krfb anydesk teamviewer rustdesk dropbear
    slapd slappasswd kdb5_util ktutil certutil update-crypto-policies fips-mode-setup authselect pwck grpck
      pwunconv grpunconv lchsh lchfn luseradd luserdel lusermod lpasswd lgroupadd lgroupdel smbpasswd pdbedit
      nologin edquota setquota quotaon quotaoff tuned-adm cpupower
    cpufreq-set x86_energy_perf_policy wrmsr rdmsr setpci i2cset ipmi-chassis kdumpctl kpatch
    livepatch canonical-livepatch ua pro audit2allow setfiles fixfiles
    load_policy checkmodule aa-enforce aa-genprof aa-logprof aa-remove-unknown iptables-apply ip6tables-apply
    shorewall csf fwknop psad aide tripwire ossec-control wazuh-control clamd
    mdutil tccutil dseditgroup odutil kmutil kextcache bless fdesetup sfltool systemkeychain automator shortcuts
      cupsctl cupsdisable cupsenable cupsreject lpadmin cancel xfs_freeze fsfreeze """,
)
_high(
    "reads stored passwords and keys",
    """
    keyring sops ansible-vault chamber infisical credstash ejson git-crypt gopass lpass keepassxc-cli
    age rage blackbox_cat blackbox_decrypt_file teller summon envchain-get truffleshow himmelblau kwallet-query
    secret-tool-lookup aws-okta saml2aws vaultenv berglas confidant knox""",
)
_high(
    "plants something that runs later",
    "at batch incrontab anacron cron crond atd fcron fcrontab schtasks reg regedit sc",
)
_high(
    "gives another machine a way in",
    """
    nc.traditional ncat-l msfvenom msfconsole msfrpc socat-exec pwncat chisel ngrok cloudflared localtunnel lt
    frpc frps bore serveo tailscale zerotier-cli sshuttle autossh tunnelto telebit gsocket gs-netcat
    tmate upterm ttyd gotty wetty sshx teleconsole iodine dnscat2 ptunnel stunnel hydra john hashcat
    cryptcat sbd ligolo ligolo-ng dns2tcp dns2tcpc icmpsh icmptunnel hans udp2raw revsocks rpivot powercat sliver sliver-client weevely
    koadic empire merlin havoc beef-xss villain impacket-psexec impacket-wmiexec impacket-smbexec psexec wmic winexe winrs rpcclient netexec nxc
    smbmap kerbrute rubeus bloodhound-python Invoke-Command sqlmap mimikatz responder ettercap bettercap aircrack-ng evil-winrm crackmapexec linpeas""",
)
_high(
    "escapes the container or the process it is in",
    """
    nsenter unshare chroot systemd-nspawn runc crun bwrap-root lxc-attach lxc-start
    schroot debootstrap""",
)
_high(
    "reads other programs' memory or what is typed",
    """
    gcore procdump strace ltrace dtrace dtruss bpftrace bpftool tcpdump tshark wireshark dumpcap ngrep ptrace
    xinput xev showkey script-log logkeys screencapture keyctl secret-tool security kwallet-query
    ykman gpg-export fswebcam arecord parecord osascript xkill xdotool ydotool wtype dotool kdotool scrot maim import grim spectacle
    gnome-screenshot flameshot ksnip slurp wf-recorder simplescreenrecorder recordmydesktop mimipenguin lazagne
    LaZagne firefox_decrypt hindsight chainbreaker pypykatz impacket-secretsdump secretsdump.py unshadow keysniffer""",
)
_high(
    "reads stored passwords", "pass gopass op bw lpass chezmoi-secret keepassxc-cli rbw ksshaskpass"
)
_high(
    "drops a database or its data",
    """
    dropdb dropuser createuser pg_ctlcluster mysqladmin-drop mongorestore mysql_secure_installation pg_resetwal pg_dropcluster initdb-force
    redis-flush influx-delete""",
)
_high(
    "types into, controls or replaces the supervising terminal",
    """
    tungsten screen byobu byobu-tmux byobu-screen byobu-ctrl byobu-janitor zellij abduco dtach tmuxinator tmuxp teamocil smug reptyr""",
)
_high(
    "starts another agent",
    "aider-chat claude-code sgpt shell-gpt mods aichat tgpt gptme open-interpreter interpreter plandex openhands auto-gpt autogpt droid kilocode auggie kiro trae-cli devin claude codex aider gemini goose-ai cursor-agent opencode amp crush copilot q qwen cline",
)
_high("erases traces", "shred-log utmpdump-write logrotate-force timestomp")
_high(
    "runs something on many machines",
    "ansible salt salt-ssh pdsh clush pssh parallel-ssh mco knife fab bolt capistrano cap-deploy dsh rsh rlogin rexec mussh",
)
_high(
    "publishes or deploys",
    """
    gh-pages surge angular-cli-ghpages npm-publish vercel-prod semantic-release release-it np lerna-publish
    cpan-upload surge firebase-deploy wrangler-deploy""",
)

SHADOWED = frozenset(
    wordlist(
        """
    cd pushd popd test [ echo printf read export declare local typeset readonly unset set eval exec
    source . command builtin type hash alias unalias trap kill wait exit return shift let mapfile
    readarray getopts enable shopt history umask : true false bind complete sudo su doas ssh
    """
    )
)
"""Names that other commands rely on; a function of that name changes what those do."""

READERS = frozenset(
    wordlist(
        """
    cat tac head tail less more most bat batcat nl od xxd hexdump strings grep egrep fgrep rg ag
    ack cut awk gawk mawk sed sort uniq wc base64 base32 jq yq diff cmp tee cp mv scp rsync tar
    zip gzip 7z openssl gpg curl wget nc ncat paste column fold rev tr view vim vi nano emacs ed
    ex code open xdg-open zcat zgrep pr fmt look comm join vimdiff colordiff sdiff dd install ln
    readarray mapfile source . split bzip2 xz zstd file-read csplit expand iconv shuf glow
    dos2unix qrencode xclip pbcopy xsel wl-copy perl ruby python node php sqlite3 ssh-keygen
    keytool bzcat xzcat uuencode basenc hexyl ssh-add sponge vidir ag sift ugrep pt pbcopy gist
    hastebin mail mutt sendmail socat ftp sftp tftp lftp rclone restic age sops aws gsutil
    gcloud az s3cmd mc docker kubectl podman b2 http https xh httpie rsync croc wormhole
    magic-wormhole ffsend transfer ptx tsort bc dc readelf objdump spell unexpand diff3 delta difft
    """
    )
)
"""Programs that show or pass on what is in the files they are given."""
