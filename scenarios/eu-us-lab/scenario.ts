import { defineScenario } from '../../harness/index.ts';
import { LOG_CAP_BYTES } from './hostile/attack.ts';
import type { Attack } from './hostile/launch.ts';
import { dismissWitnesses, launchAttack, plotAttack } from './hostile/launch.ts';
import { publishRecordings } from './steps/01-publish-recordings.ts';
import { approveCohortStatistics } from './steps/02-approve-cohort-statistics.ts';
import { payAndStart } from './steps/03-pay.ts';
import { readCohortResults } from './steps/04-cohort-results.ts';
import { refuseUnapproved } from './steps/05-refuse-unapproved.ts';
import { approveAndTrain } from './steps/06-approve-and-train.ts';
import { refuseSilentChange } from './steps/07-silent-change.ts';
import { surviveHostile } from './steps/08-hostile.ts';
import { ordersAndSignatures } from './steps/09-orders-and-signatures.ts';
import { balanceLedger } from './steps/10-ledger.ts';
import { teller } from './tell.ts';
import { openCase } from './the-case.ts';

/** The endless algorithm pays no heed to TERM, and nobody else here needs more. */
const GRACE_SECONDS = 1;

export default defineScenario({
  name: 'eu-us-lab',
  title: 'A US lab trains on recordings that never leave the EU lab',
  summary: 'Publish, approve, pay, compute, train, refuse, attack, expire, account: Compute-to-Data from end to end.',
  // Large enough for real recordings, and small enough to be filled in a moment by those who try.
  environment: { ramGb: 0.375, diskGb: 0.0625, logCapBytes: LOG_CAP_BYTES, terminationGraceSeconds: GRACE_SECONDS },
  async run(story) {
    const lab = await openCase(story);
    const tell = teller(story.step);
    // Published beside the first steps: what waits for nobody need not be waited for.
    const plot = plotAttack(lab);
    let attack: Attack | undefined;
    try {
      const recordings = await tell('The EU lab publishes its recordings, for computing only', (check) =>
        publishRecordings(check, lab),
      );
      const open = await tell('The EU lab publishes cohort statistics and allows them', (check) =>
        approveCohortStatistics(check, lab, recordings),
      );
      const approved = open && plot.approve(open.dataset);
      const cohortRun = await tell('The US lab buys, pays and starts; a stranger with the same order cannot', (check) =>
        payAndStart(check, lab, open),
      );
      // From here on hostile jobs run beside the honest ones, as they would on a shared machine.
      const launched = cohortRun && approved && (attack = launchAttack(lab, plot, approved));
      await tell('The statistics are right, and only the US lab gets them', (check) =>
        readCohortResults(check, lab, cohortRun),
      );
      const classifier = await tell("The US lab's own algorithm is refused: nobody approved it", (check) =>
        refuseUnapproved(check, lab, open, cohortRun),
      );
      const training = await tell('The EU lab approves it; the same request trains a model', async (check) =>
        approveAndTrain(check, lab, await launched.approved, classifier),
      );
      await tell('Changed without a word, the algorithm is refused, and swapped later it never runs', (check) =>
        refuseSilentChange(check, lab, classifier, training),
      );
      const hostile = await tell(
        'Hostile algorithms, approved by mistake, get nothing out and break nothing',
        (check) => surviveHostile(check, lab, launched),
      );
      await tell('Orders expire and are renewed; replays and forgeries are refused', (check) =>
        ordersAndSignatures(check, lab, cohortRun, hostile),
      );
      // The witnesses are counted among what must be gone.
      await dismissWitnesses(plot, attack);
      await tell('The ledger: everything is gone or accounted for', (check) => balanceLedger(check, lab, cohortRun));
    } finally {
      await dismissWitnesses(plot, attack);
    }
  },
});
