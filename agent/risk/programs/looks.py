# ruff: noqa: E501 - tables and patterns read better unbroken
"""What programs that change the machine are told when they only look; their manual pages."""

from __future__ import annotations

import re

_ONLY = r"(?!.*(?: |^)-(?:[ADFIRPXNZE]|-(?:append|delete|flush|insert|policy|new|zero|restore)))"
LOOKS = {
    program: re.compile(pattern)
    for programs_of, pattern in (
        (
            "iptables ip6tables ebtables arptables",
            _ONLY + r".*(?:^| )(?:-\w*[LS]|--list(?:-rules)?)\b.*",
        ),
        ("ipset conntrack ipvsadm", r"(?:list|save|-L|-S|-Ln|-l|--list)\b[^;]*"),
        ("xdg-mime", r"query\b.*"),
        ("nft", r"(?:-\w+ )*list\b.*"),
        ("ufw", r"(?:status|show|version|app list)\b.*"),
        ("firewall-cmd", r"(?:--(?:list|get|query|info|state)[\w=.-]*|--permanent|--zone=\S+| )+"),
        ("pfctl", r"-s\s?\w+"),
        ("tc", r"(?:-\w+ )*\w+ (?:show|ls|list)\b.*"),
        ("mount", r"(?:-l|-t \w+| )*"),
        ("launchctl", r"(?:list|print|print-\w+|blame|getenv|version|help|hostinfo)\b.*"),
        (
            "resolvectl networkctl",
            r"(?:status|query|statistics|list|show-\w+|lldp|dns|domain)?(?: \S+)?",
        ),
        ("pmset", r"-g\b.*"),
        ("scutil", r"--(?:dns|proxy|nwi|get|nc list|-r)\b.*"),
        ("networksetup systemsetup", r"-(?:get|list|show|print|is)\w*.*"),
        ("nvram", r"-(?:p|x|xp)|[\w:][\w:-]*"),
        ("csrutil spctl", r"(?:--)?status"),
        (
            "tmutil",
            r"(?:list|status|latest|machine|destinationinfo|compare|is\w+|calculate)\w*\b.*",
        ),
        ("kextstat auditctl", r"-[ls]"),
        ("chage passwd", r"-(?:l|S)(?: \w+)?|--list(?: \w+)?|--status(?: \w+)?"),
        ("update-alternatives", r"--(?:list|display|query|get-selections)\b.*"),
        ("ethtool", r"(?:-[ikSgTm] )?\w+"),
        ("wg", r"(?:show)?(?: (?!private-key|preshared)\w+)*"),
        ("brctl", r"show\w*.*"),
        ("rfkill", r"list\b.*"),
        ("supervisorctl sv rc-service", r"(?:status|tail|avail)\b.*|\S+ status"),
        (
            "bootctl dkms fwupdmgr ipmitool",
            r"(?:status|list|get-\w+|sel list|sdr\b.*|chassis status)",
        ),
        ("netplan ovs-vsctl iwctl", r"(?:get|status|show|device list|station \w+ show)\b.*"),
        ("ldconfig", r"-p"),
        ("swapon", r"--show\b.*|-s"),
        ("semanage", r"\w+ -l.*"),
        ("chronyc hwclock", r"(?:tracking|sources|sourcestats|activity|-r|--show|--get)\b.*"),
        ("aa-status getenforce", r".*"),
        ("snapper timeshift", r"(?:list\S*|--list\S*|status)\b.*"),
        ("age rage", r"(?!.*(?:-d|--decrypt|-i|--identity)\b).*"),
        (
            "sops",
            r"(?!.*(?:-d|--decrypt|exec-\w+|publish|rotate|updatekeys|edit)\b)(?:filestatus|--version).*",
        ),
        ("ansible-vault", r"(?:encrypt|encrypt_string|create)\b.*"),
        (
            "emerge eopkg pkg opkg nix-env nix-channel nix-store aptitude apt-mark pkcon yay paru rpm-ostree mas pkgutil xbps-install "
            "softwareupdate xrandr xset bluetoothctl iw bridge trust ua pro monit udisksctl",
            r"(?:--?)?(?:list|search|info|show|query|q|Q\w*|Ss|Si|s|l|status|history|policy|outdated|files|pkgs|devices|showmanual|showhold|scan|dev|link|fdb|dump)\b.*|-qa?P?\b.*|-p\b.*",
        ),
        ("nix-store", r"(?:-q|--query|-r|--verify)\b.*"),
        ("sshd nginx apachectl postfix haproxy named squid", r"-[tTV]|configtest|check|-c -f \S+"),
        ("stress stress-ng", r"--version"),
        ("fab mco knife", r"(?:-l|--list|--version|status|list)\b.*|\w+ (?:list|show)\b.*"),
        ("augtool", r"(?:-\w+ )*(?:print|get|match|ls|dump-xml|errors)\b.*"),
        ("git-crypt", r"(?:status|init)\b.*"),
        ("screen", r"-(?:ls|list|v)(?: [\w.-]+)?"),
        ("zellij", r"(?:list-sessions|ls|list-aliases)(?: -[ns]| --(?:short|no-formatting))*"),
        ("byobu-screen byobu", r"-ls"),
        ("tmuxinator tmuxp teamocil", r"(?:list|ls|doctor|version|--list|debug-info)(?: -\w)?"),
    )
    for program in programs_of.split()
}
"""What these programs say, joined words after the name, when they only look."""
