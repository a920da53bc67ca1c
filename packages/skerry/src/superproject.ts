/**
 * Superprojects from a program: `import { nightly, Network } from 'skerry/superproject'`. What `skerry superproject` does,
 * as functions; docs/how-to/superproject.md says what for.
 *
 * @example
 * const network = new Network({ signal: AbortSignal.timeout(600_000) });
 * const { status, tag } = await nightly(network, { url: 'git@example.org:product/all.git', branch: 'master' });
 */
export { Network, type NetworkOptions } from './superproject/network.ts';
export { findTarget, type Target } from './superproject/target.ts';
export { readSuperproject } from './superproject/read-superproject.ts';
export type { PinnedComponent, Superproject } from './superproject/read-superproject.ts';
export { Scratch } from './superproject/scratch.ts';
export { checkedComponents, parseGitmodules } from './superproject/gitmodules.ts';
export type { Component, Gitmodules } from './superproject/gitmodules.ts';
export { removeSection, setKeys } from './superproject/edit-gitmodules.ts';
export { nightly, resumeNightly } from './superproject/nightly.ts';
export type { NightlyOptions, NightlyResult } from './superproject/nightly.ts';
export { reproduceNightly, type Reproduced } from './superproject/reproduce.ts';
export { initSuperproject, type Initialised } from './superproject/checkout/init.ts';
export {
  addComponent,
  type Added,
  type AddOptions,
} from './superproject/checkout/add-component.ts';
export { removeComponents } from './superproject/checkout/remove-component.ts';
export type { Removed, RemoveOptions } from './superproject/checkout/remove-component.ts';
export { moveComponent } from './superproject/checkout/move-component.ts';
export type { MovedComponent, MoveOptions } from './superproject/checkout/move-component.ts';
export { startTopic, type Started, type StartOptions } from './superproject/checkout/start.ts';
export {
  pushCheckout,
  type PushOptions,
  type PushResult,
} from './superproject/checkout/push-checkout.ts';
export { foreachComponent } from './superproject/checkout/foreach.ts';
export type { ForeachOptions, ForeachResult } from './superproject/checkout/foreach.ts';
export {
  checkPushed,
  installHook,
  pushedCommits,
  removeHook,
} from './superproject/checkout/hooks.ts';
export type { HookChange, HookOptions, HookQuestion } from './superproject/checkout/hooks.ts';
export { updateRemote, type UpdateRemoteOptions } from './superproject/update-remote.ts';
export type { MoveResult } from './superproject/move-pins.ts';
export { branch, type BranchOptions, type BranchResult } from './superproject/branch.ts';
export { syncTag, tag, verifyTag } from './superproject/tag.ts';
export type { TagOptions, TagResult, VerifiedTag } from './superproject/tag.ts';
export { cloneSuperproject } from './superproject/checkout/clone.ts';
export type { CloneOptions, CloneResult } from './superproject/checkout/clone.ts';
export { sync, type SyncOptions, type SyncResult } from './superproject/checkout/sync.ts';
export { checkoutStatus, remoteOnlyStatus } from './superproject/checkout/status.ts';
export type { SuperprojectStatus } from './superproject/checkout/status.ts';
export { readCheckout } from './superproject/checkout/checkout.ts';
export type { Checkout, CheckoutComponent } from './superproject/checkout/checkout.ts';
export { findCoupling } from './superproject/coupling.ts';
export type { Coupling, CoupledPair, CouplingRules } from './superproject/coupling.ts';
export { diagnose, mend } from './superproject/doctor/doctor.ts';
export type { Diagnosis, DoctorOptions, Mended } from './superproject/doctor/doctor.ts';
export type { Finding } from './superproject/doctor/patient.ts';
export { updateCheckout, type UpdateResult } from './superproject/checkout/update-checkout.ts';
export { readChangelog } from './superproject/changelog/changelog.ts';
export { readLog } from './superproject/changelog/superproject-log.ts';
export { bisect } from './superproject/bisect/bisect.ts';
export { type EscrowPlan, planEscrow } from './superproject/escrow/plan-escrow.ts';
export { createEscrow, type Deposit, type EscrowOptions } from './superproject/escrow/create.ts';
export { verifyEscrow } from './superproject/escrow/verify.ts';
export { planRestore, restoreEscrow } from './superproject/escrow/restore.ts';
export { updateMirrors } from './superproject/mirror/mirror.ts';
export { planMirrors, type MirrorPlan } from './superproject/mirror/plan-mirror.ts';
export { exportManifest } from './superproject/manifest/export-manifest.ts';
export { importManifest } from './superproject/manifest/import-manifest.ts';
export { SkerryError, SkerryErrors } from './util/errors.ts';
