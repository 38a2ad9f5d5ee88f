# Tungsten's shell integration for plain POSIX shells: marks in the prompts report where the shell
# is and how the last command ended. Read through ENV in place of the person's own file.

__tungsten_nonce=
if [ -r "$TUNGSTEN_INTEGRATION" ]; then
  IFS= read -r __tungsten_nonce <"$TUNGSTEN_INTEGRATION"
  command rm -f -- "$TUNGSTEN_INTEGRATION"
fi
unset TUNGSTEN_INTEGRATION TMUX TMUX_PANE
if [ -n "${TUNGSTEN_ENV+x}" ]; then
  ENV=$TUNGSTEN_ENV
  unset TUNGSTEN_ENV
  if [ -r "$ENV" ]; then
    . "$ENV"
  fi
else
  unset ENV
fi

__tungsten_n=0
if [ -n "$__tungsten_nonce" ]; then
  __tungsten_escape=$(printf '\033')
  case $PS1 in
    *"$__tungsten_escape"* | *'`'* | *'\'*) __tungsten_text= ;;
    *) __tungsten_text=$PS1 ;;
  esac
  __tungsten_start=${__tungsten_escape}k$__tungsten_nonce
  __tungsten_end=${__tungsten_escape}'\\'
  # Takes the status, expands to nothing: what a person's prompt runs leaves a status of its own.
  __tungsten_x=x
  __tungsten_first='${__tungsten_x#[$((__tungsten_status=$?))x]}'
  # The first end is for what a command began and did not end: it would swallow prompt and mark, or
  # garble what comes next (insert mode, line drawing, lines that do not wrap, a part of the screen that
  # alone scrolls, text below that was printed before the cursor moved up).
  __tungsten_fresh=$(printf '\033[4l\033[?7h\033(B\017\0337\033[r\0338\033[J')
  PS1=$__tungsten_first$__tungsten_end$__tungsten_fresh$PS1$__tungsten_start';P;$((__tungsten_n=__tungsten_n+1));$__tungsten_status;'$__tungsten_text$__tungsten_end
  PS2=$PS2$__tungsten_start';2;$__tungsten_n;;'$__tungsten_end
fi
