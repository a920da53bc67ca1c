export type PainId = `pain-${number}`;

/** What is known to hurt people with superprojects: a row of docs/reference/superproject-doctor.md. */
export interface Pain {
  readonly id: PainId;
  readonly title: string;
  /** What happens, and why. */
  readonly explanation: string;
  /** How doctor finds it, or why it does not look. */
  readonly found: string;
  /** What `--fix` does, or why it cannot; for the rest, the command that answers it. */
  readonly mend: string;
}

/** The 23 pains, in the order of how often people meet them. Texts are Markdown. */
export const PAINS: readonly Pain[] = [
  {
    id: 'pain-1',
    title: 'a pin cannot be fetched alone',
    explanation:
      'A server that speaks protocol v0 gives out only what a branch or tag names. `git clone --depth 1` of the superproject fails then as soon as the branch has gone on. Many sshd do not pass `GIT_PROTOCOL` on, and so are v0.',
    found:
      'Asks each host that has a pin which no ref names whether it speaks protocol v2; every such pin on a host that does not is a problem.',
    mend: 'Gives the pin a ref of its own in its remote, `refs/superproject/pins/<sha>`, where the commit is in this checkout. Else: `nightly` and `tag` do so for each pin they make.',
  },
  {
    id: 'pain-2',
    title: 'a pin is gone from its remote',
    explanation:
      'The branch was rewound or deleted, or the commit was never pushed, and a garbage collection took it. Every clone of that commit of the superproject fails, released ones too.',
    found:
      'Asks the remote for the pin; never only the objects here, which have it exactly on the machine of whoever made the mistake. A pin that no branch or tag keeps is a problem as well.',
    mend: 'Gives the pin a ref of its own in its remote, as long as it is there or in this checkout. What is nowhere cannot be brought back: ask whoever made the commit.',
  },
  {
    id: 'pain-3',
    title: 'the superproject was pushed before its component',
    explanation:
      'git pushes a superproject whose pins exist only here without a word (`push.recurseSubmodules=no`), and later pushes do not look at it again.',
    found:
      'The pin is in this checkout and not on its remote. While the commit that pins it is not pushed either, this is a note.',
    mend: 'Pushes the pinned commit to `refs/superproject/pins/<sha>` of its remote, when the superproject is published already. Else `push` pushes in the right order, and `hook install` makes git refuse the wrong one.',
  },
  {
    id: 'pain-4',
    title: 'commits on a detached HEAD',
    explanation:
      'Submodules are checked out detached. Commits made there are on no branch, and the next `git submodule update` leaves them to the reflog.',
    found: 'HEAD of a component has commits that no branch, tag or rescue ref has.',
    mend: 'Gives them a ref, `refs/superproject/rescue/<time>`. `sync` does so before it moves such a HEAD, and `sync --attach` puts components on their branches.',
  },
  {
    id: 'pain-5',
    title: 'the followed branch is not written down, or not fetched',
    explanation:
      "Only `--remote` looks at `branch` in `.gitmodules`. Without it git follows the remote's default branch, as far as the clone remembers it. And a shallow clone fetches one branch only, perhaps another one.",
    found:
      'A component that is not frozen has no `branch`; or its clone here does not fetch the branch it follows.',
    mend: "Writes the remote's default branch into `.gitmodules` and stages it; makes the clone fetch all branches. Both only in a checkout.",
  },
  {
    id: 'pain-6',
    title: '.git/config goes before .gitmodules',
    explanation:
      'What was copied into the configuration once, wins silently ever after: fetches go to an old url, or follow an old branch.',
    found: '`submodule.<name>.url` or `.branch` differ from what `.gitmodules` says.',
    mend: 'Updates a url that `.gitmodules` said in an earlier commit, and takes out the branch. A url that it never said was chosen, such as that of a fork: it stays, and is a note.',
  },
  {
    id: 'pain-7',
    title: '`branch = .` where nothing is checked out',
    explanation:
      "`.` means the superproject's own branch. On a detached HEAD, as in most CI jobs, there is none, and git fails.",
    found: 'HEAD of the checkout is detached, and components have `branch = .`.',
    mend: 'It cannot know which branch is meant: name it with `--branch` of `nightly`, `update` or `status`, or switch to it.',
  },
  {
    id: 'pain-8',
    title: 'the followed branch does not exist',
    explanation:
      '`git submodule update --remote` stops at the first component without its branch, after it has moved those before.',
    found: 'The remote has no branch of the name that `.gitmodules` says.',
    mend: 'It cannot know what to follow instead. `update` and `nightly` read all branches before they move anything.',
  },
  {
    id: 'pain-9',
    title: 'a component is not where its url leads',
    explanation:
      'A relative url in a fork leads beside the fork, where nobody has forked the component. An absolute one makes mirrors, and ssh instead of https, impossible.',
    found:
      "There is no repository at a component's url. An absolute url beside the superproject's own is a note.",
    mend: 'Where the repository is beside another remote of this checkout, such as `upstream`: sets `url.<there>.insteadOf` here; `.gitmodules` stays. `clone` and `sync` do so as well.',
  },
  {
    id: 'pain-10',
    title: 'merge conflicts of pins',
    explanation:
      'Both sides moved a pin, and git cannot merge commits of a repository it has not fetched. Resolved by hand, pins go backwards silently.',
    found: 'A pin in the index has more than one stage.',
    mend: 'Takes the tip of the followed branch, when all sides of the conflict come before it. Else the branches of the component must be merged first, then: `update`.',
  },
  {
    id: 'pain-11',
    title: 'half a component',
    explanation:
      'A component is in four places: index, `.gitmodules`, configuration and `.git/modules`. Removed or added by hand, one of them is forgotten.',
    found:
      'A pin without a section in `.gitmodules`; a section without a pin; a git directory that is kept here for another url.',
    mend: 'Writes the section of a pin whose clone is here; takes a pin out of the index that nothing else is known of. The rest: `add`, `remove` and `move` do all four.',
  },
  {
    id: 'pain-12',
    title: 'work trees that a switch left behind',
    explanation:
      'A switch to a commit without a component leaves its folder, and `submodule.recurse=true` has destroyed work.',
    found: 'A work tree of a component that this commit does not have; `submodule.recurse` is on.',
    mend: 'Removes the work tree where everything in it is committed and pushed. Takes `submodule.recurse` out of this repository; a global one is yours.',
  },
  {
    id: 'pain-13',
    title: 'clone -b gives pins and no branches',
    explanation:
      'After `git clone --recursive -b 3.11` people expect to be on branch 3.11 in the components; they are on none.',
    found: 'A component is detached at a commit that is the tip of the branch it follows: a note.',
    mend: 'Not a fault, so nothing: `sync --attach` and `clone --attach` put components on their branches.',
  },
  {
    id: 'pain-14',
    title: '`protocol.file.allow` is open',
    explanation:
      'git refuses submodules of this computer since CVE-2022-39253. Setting `protocol.file.allow=always` for good opens that for every clone of everything.',
    found: '`protocol.file.allow` is `always` in the configuration.',
    mend: 'Takes it out of this repository; a global one is yours: `git config --global --unset protocol.file.allow`.',
  },
  {
    id: 'pain-15',
    title: 'archives lack the components',
    explanation:
      '`git archive` and the archives of forges leave submodules out, and their checksums change.',
    found: 'Nothing to find: it is so for every superproject.',
    mend: '`escrow create` writes an archive with all components, checksums and an SBOM.',
  },
  {
    id: 'pain-16',
    title: 'everything takes long',
    explanation:
      '`git submodule` fetches one component after another unless it is told otherwise, and `--remote` does always.',
    found: 'Ten components or more and no `submodule.fetchJobs`: a note.',
    mend: 'Not a fault, so nothing: `clone`, `sync`, `status` and `nightly` work in parallel; for git itself: `git config submodule.fetchJobs 8`.',
  },
  {
    id: 'pain-17',
    title: 'the server refuses connections',
    explanation:
      'Many connections at once meet the limits of servers: MaxStartups of sshd, HTTP 429 of forges.',
    found: 'A remote still refuses or breaks connections after several tries with pauses.',
    mend: 'It cannot change the server. All commands begin with few connections for each host and halve them when one is refused; `--jobs` sets a limit.',
  },
  {
    id: 'pain-18',
    title: 'worktrees with components',
    explanation:
      'git does not move or remove worktrees that have submodules, so people remove the folder. Then `git worktree prune` deletes the commits of its components.',
    found: 'The folder of a worktree is gone, and its git directory still has components.',
    mend: 'It does not: there may be commits that are nowhere else. The hint says where they are.',
  },
  {
    id: 'pain-19',
    title: 'update bots make a request for each component',
    explanation:
      'They conflict with each other, run again for each merge, and follow tags or rewound branches.',
    found: 'Dependabot (`gitsubmodule`) or Renovate (`git-submodules`) is configured: a note.',
    mend: 'Not a fault, so nothing: `nightly` and `update` move all pins in one commit, forward only.',
  },
  {
    id: 'pain-20',
    title: 'no changelog across components',
    explanation: 'A commit of a superproject says which pins moved, and not what changed.',
    found: 'Nothing to find: it is so for every superproject.',
    mend: '`changelog A..B` lists the commits of all components.',
  },
  {
    id: 'pain-21',
    title: 'a component is private',
    explanation:
      'CI jobs have a token for one repository; the clone of the first private component fails.',
    found: 'The remote of a component lets nobody in, though that of the superproject does.',
    mend: 'It has no credentials to give: add a deploy key or a token for that repository, or `url.<base>.insteadOf`.',
  },
  {
    id: 'pain-22',
    title: 'paths that Windows or macOS cannot have',
    explanation:
      'Windows knows no `aux` or `a:b` and by itself no paths above 260 characters; both know no difference between `Lib` and `lib`.',
    found:
      'Reserved names and signs; names and paths of more than 120 characters (`.git/modules/<name>/objects/pack/...`); paths that differ from another one only in case.',
    mend: 'It does not rename for you: `move`, and `remove` and `add --name`.',
  },
  {
    id: 'pain-23',
    title: 'a .gitmodules that attacks',
    explanation:
      'Names, paths, urls, branches and `update` are input from others, and have run code: CVE-2018-11235, -2018-17456, -2019-19604, -2022-39253, -2024-32002, -2025-48384, -2026-47191.',
    found: 'The strict reader that all commands use refuses it; each problem with its line.',
    mend: 'It does not touch what may be an attack. Look at who wrote it.',
  },
];
