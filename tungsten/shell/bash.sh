# Tungsten's shell integration for bash: reports prompts and exit statuses to the program that
# watches this terminal, as invisible in-band marks. Read instead of ~/.bashrc, which it reads.

__tungsten_file=$TUNGSTEN_INTEGRATION
unset TUNGSTEN_INTEGRATION
__tungsten_nonce=
if [[ $__tungsten_file == ask ]]; then
  # On another machine: the secret comes through the terminal, unseen.
  stty -echo
  printf '\ektungsten;ask\e\\'
  IFS= read -r __tungsten_nonce
  stty echo
elif [[ -r $__tungsten_file ]]; then
  IFS= read -r __tungsten_nonce <"$__tungsten_file"
  command rm -f -- "$__tungsten_file"
fi

if [[ $__tungsten_file == ask ]]; then
  [[ -r /etc/profile ]] && . /etc/profile
  for __tungsten_file in ~/.bash_profile ~/.bash_login ~/.profile ~/.bashrc; do
    if [[ -r $__tungsten_file ]]; then
      . "$__tungsten_file"
      break
    fi
  done
elif [[ -r ~/.bashrc ]]; then
  . ~/.bashrc
fi
unset __tungsten_file
unset TMUX TMUX_PANE
# What agents run is no history of the person's; it stays in this shell.
unset HISTFILE

# The prompt's number, the reports of its line, the last line taken (`__tungsten_take`), and where the
# shell is: 1 at a prompt, 2 at one for the rest of a line, 0 elsewhere.
__tungsten_n=0
__tungsten_k=0
__tungsten_a=0
__tungsten_at=0
__tungsten_text=
__tungsten_status=0

# Each mark is whole in itself: tmux may tell only the latest of several.
__tungsten_ps0='\ek${__tungsten_nonce};C;$((__tungsten_at=0,__tungsten_n)); ${__tungsten_a};\e\\'
__tungsten_ps1='\[\ek${__tungsten_nonce};P;$((__tungsten_at=1,++__tungsten_n));${__tungsten_status} ${__tungsten_a};${__tungsten_text}\e\\\]'
# Takes the status, expands to nothing: what a person's prompt runs leaves a status of its own.
__tungsten_first='${__tungsten_nonce:(__tungsten_status=$?):0}'
__tungsten_ps2='\[\ek${__tungsten_nonce};2;$((__tungsten_at=2,__tungsten_n)); ${__tungsten_a};\e\\\]'

__tungsten_prompt() {
  # What a command began and did not end (a picture cut off, the bytes of a binary) would swallow the
  # prompt and its mark. Without anything to end, this says nothing.
  printf '\e\\' >/dev/tty
  # A line must run as it was judged: no history expansion.
  set +H
  shopt -s promptvars
  # Any of them may be unset, which is an error after `set -u`.
  local plain=${PS1-} more=${PS2-} before=${PS0-}
  plain=${plain//"$__tungsten_ps1"/}
  plain=${plain#"$__tungsten_first"}
  PS1=$__tungsten_first$plain$__tungsten_ps1
  PS2=${more//"$__tungsten_ps2"/}$__tungsten_ps2
  PS0=${before//"$__tungsten_ps0"/}$__tungsten_ps0
  printf -v __tungsten_text %q "${plain@P}"
}

__tungsten_line() {
  local line
  printf -v line %q "$READLINE_LINE"
  # OSC 7 keeps the line where redrawing the prompt does not overwrite it.
  printf '\e]7;%s;%s;%s\e\\\ek%s;L;%s;;\e\\' "$__tungsten_nonce" "$((++__tungsten_k))" "$line" \
    "$__tungsten_nonce" "$__tungsten_n" >/dev/tty
}

# Takes a line as one message, `PROMPT;NAME;HOW;,LENGTH,BYTES,;LINE` up to the terminator: to `put` on
# the empty line, to `run` there, or to run if it is the `same` as there. What was cut short, comes too
# late or meets other text changes nothing. What does not run is reported.
__tungsten_take() {
  local before=$_ key=set-mark number name how size line
  IFS= read -r -d $'\x1e' line || line=
  number=${line%%;*} line=${line#*;}
  name=${line%%;*} line=${line#*;}
  how=${line%%;*} line=${line#*;}
  size=${line%%;*} line=${line#*;}
  line=${line//$'\x1f'/$'\n'}
  line=${line//$'\x1d'/$'\t'}
  if [[ $__tungsten_at == 1 && $number == "$__tungsten_n" && $size == *",${#line},"* ]] &&
    [[ $READLINE_LINE == "$line" || $how != same && -z $READLINE_LINE ]]; then
    READLINE_LINE=$line
    READLINE_POINT=${#line}
    if [[ $how != put ]]; then
      key=accept-line
      __tungsten_a=$name
    fi
  fi
  # No command that a key runs can enter the line: the key after it does, or nothing to speak of.
  bind "\"\e[27;9;7481~\": $key"
  if [[ $key == set-mark && $__tungsten_at == 1 ]]; then
    __tungsten_line
  fi
  # What the line says of `$_` is about the command before.
  : "$before"
}

if [[ -n $__tungsten_nonce ]] && ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
    PROMPT_COMMAND+=(__tungsten_prompt)
  else
    PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}__tungsten_prompt
  fi
  for __tungsten_map in emacs vi-insert vi-command; do
    bind -m "$__tungsten_map" -x '"\e[27;9;7477~": __tungsten_line' 2>/dev/null
    bind -m "$__tungsten_map" -x '"\e[27;9;7480~": __tungsten_take' 2>/dev/null
    bind -m "$__tungsten_map" '"\e[27;9;7479~": "\e[27;9;7480~\e[27;9;7481~"' 2>/dev/null
  done
  unset __tungsten_map
  # Several lines pasted at once must stay one line to edit until Enter.
  bind 'set enable-bracketed-paste on' 2>/dev/null
fi
