// In the campaign every property gets many more runs.
import { configureGlobal } from 'fast-check';

configureGlobal({ numRuns: 5000 });
