import { type Command, Argument } from 'commander';
import { withExample } from './common.ts';

const SCRIPTS: Record<string, string> = {
  bash: `_skerry() {
  local IFS=$'\\n'
  COMPREPLY=($(skerry __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _skerry skerry
`,
  zsh: `#compdef skerry
_skerry() {
  local -a candidates
  candidates=("\${(@f)$(skerry __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a candidates
}
compdef _skerry skerry
`,
  fish: `complete -c skerry -f -a '(skerry __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};

export function define(command: Command): void {
  command
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    .action((shell: string) => {
      process.stdout.write(SCRIPTS[shell] ?? '');
    });
  withExample(
    command,
    '$ source <(skerry completion bash)                                      # bash, in ~/.bashrc',
    '$ skerry completion zsh > "${fpath[1]}/_skerry"                         # zsh',
    '$ skerry completion fish > ~/.config/fish/completions/skerry.fish       # fish',
  );
}
