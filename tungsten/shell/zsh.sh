# Tungsten's shell integration for zsh: reports prompts and exit statuses to the program that
# watches this terminal, as invisible in-band marks. Read as .zshenv and as .zshrc from a directory
# made for one start; it gives way to the person's own files and removes that directory.

if [[ -z ${__tungsten_directory-} ]]; then
  __tungsten_directory=$ZDOTDIR
  if (( ${+TUNGSTEN_ZDOTDIR} )); then
    ZDOTDIR=$TUNGSTEN_ZDOTDIR
    unset TUNGSTEN_ZDOTDIR
  else
    unset ZDOTDIR
  fi
  if [[ -r ${ZDOTDIR:-~}/.zshenv ]]; then
    . "${ZDOTDIR:-$HOME}/.zshenv"
  fi
  if (( ${+ZDOTDIR} )); then
    __tungsten_zdotdir=$ZDOTDIR
  fi
  ZDOTDIR=$__tungsten_directory
  return 0
fi

if (( ${+__tungsten_zdotdir} )); then
  ZDOTDIR=$__tungsten_zdotdir
else
  unset ZDOTDIR
fi
# Some systems' /etc/zshrc put the history where ZDOTDIR was.
if [[ ${HISTFILE-} == $__tungsten_directory/* ]]; then
  HISTFILE=${ZDOTDIR:-$HOME}/.zsh_history
fi
IFS= read -r __tungsten_nonce <"$__tungsten_directory/nonce"
command rm -f -- "$__tungsten_directory"/{nonce,.zshenv,.zshrc}
command rmdir -- "$__tungsten_directory"
unset __tungsten_directory __tungsten_zdotdir

typeset -gi __tungsten_n=0 __tungsten_k=0 __tungsten_marking=0
typeset -g __tungsten_status=0

# All functions are defined before the person's files, whose aliases could change their meaning.
__tungsten_precmd() {
  __tungsten_status=$?
  # What a command began and did not end would swallow the prompt and its mark, or garble what comes
  # next: insert mode, line drawing, lines that do not wrap, a part of the screen that alone scrolls.
  printf '\e\\\e[4l\e[?7h\e(B\017\e7\e[r\e8' >$TTY
  # A line must run as it was judged, and output must not be drawn over.
  setopt nobanghist nopromptcr nopromptsp
  __tungsten_bind
}

__tungsten_bind() {
  emulate -L zsh
  local map
  # Last in line, so that what a prompt's theme prints comes before the mark.
  preexec_functions=(${preexec_functions:#__tungsten_preexec} __tungsten_preexec)
  if [[ ${widgets[zle-line-init]-} != user:__tungsten_init ]]; then
    if (( ${+widgets[zle-line-init]} )); then
      zle -A zle-line-init tungsten-theirs
    fi
    zle -N zle-line-init __tungsten_init
  fi
  zle -N tungsten-line __tungsten_line
  zle -N tungsten-mark __tungsten_mark
  for map in emacs viins vicmd; do
    bindkey -M $map '\e[27;9;7477~' tungsten-line
    bindkey -M $map '\e[27;9;7478~' .accept-line
    bindkey -M $map '\e[27;9;7481~' tungsten-mark
  done
  # Plugins rewrite what is pasted.
  zle -A .bracketed-paste bracketed-paste
}

__tungsten_preexec() {
  # Output would be written into what an earlier command printed before it moved up.
  printf '\ek%s;C;%s;;\e\\\e[J' "$__tungsten_nonce" "$__tungsten_n" >$TTY
  if (( __tungsten_marking )); then
    printf '\e[58:2::%d:%d:%dm \e[59m\r\n' \
      $(( __tungsten_n >> 16 & 255 )) $(( __tungsten_n >> 8 & 255 )) $(( __tungsten_n & 255 )) >$TTY
  fi
}

# Asks for an empty row between this line and its output, which tells where that begins.
__tungsten_mark() {
  __tungsten_marking=1
}

__tungsten_init() {
  if (( ${+widgets[tungsten-theirs]} && ! ${__tungsten_inside:-0} )); then
    local __tungsten_inside=1
    zle tungsten-theirs -- "$@"
  fi
  if [[ $CONTEXT == start ]]; then
    # The prompt must be on the screen before its mark.
    zle -R
    (( ++__tungsten_n, __tungsten_marking = 0 ))
    local text=${(%%)PS1}
    printf '\ek%s;P;%s;%s;%s\e\\' \
      "$__tungsten_nonce" "$__tungsten_n" "$__tungsten_status" "${(qqqq)text}" >$TTY
  elif [[ $CONTEXT == cont ]]; then
    zle -R
    printf '\ek%s;2;%s;;\e\\' "$__tungsten_nonce" "$__tungsten_n" >$TTY
  fi
}

__tungsten_line() {
  # All that was typed must be on the screen before it is reported.
  zle -R
  # OSC 7 keeps the line where redrawing the prompt does not overwrite it.
  printf '\e]7;%s;%s;%s\e\\\ek%s;L;%s;;\e\\' "$__tungsten_nonce" "$((++__tungsten_k))" \
    "${(qqqq)BUFFER}" "$__tungsten_nonce" "$__tungsten_n" >$TTY
}

__tungsten_install() {
  emulate -L zsh
  zmodload zsh/zleparameter
  precmd_functions=(__tungsten_precmd ${precmd_functions:#__tungsten_precmd})
}

if [[ -r ${ZDOTDIR:-~}/.zshrc ]]; then
  . "${ZDOTDIR:-$HOME}/.zshrc"
fi
unset TMUX TMUX_PANE
# What agents run is no history of the person's; it stays in this shell.
unset HISTFILE
if [[ -n $__tungsten_nonce ]]; then
  # Before the first prompt already: zsh looks at it earlier than at its hooks.
  setopt nobanghist nopromptcr nopromptsp
  __tungsten_install
fi
