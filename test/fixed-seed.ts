// `npm test` tries the same examples each time: what it finds, a change has done. The campaign tries others each time.
import { configureGlobal } from 'fast-check';

if (!process.env.SKERRY_CAMPAIGN) configureGlobal({ seed: 20_261_129 });
