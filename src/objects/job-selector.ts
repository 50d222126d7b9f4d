/** A Job selects its own Pods by its uid, unless its author chose a selector. */
import type { Job } from './job.js';

/** For a Job about to be created, with its uid set: selector and template labels of its own. With `manualSelector`, untouched. */
export function selectOwnPods(job: Job): Job {
  const { uid, name } = job.metadata;
  if (job.spec.manualSelector || !uid) return job;
  const { template } = job.spec;
  const own = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  return {
    ...job,
    spec: {
      ...job.spec,
      selector: {
        ...job.spec.selector,
        matchLabels: { ...job.spec.selector?.matchLabels, 'batch.kubernetes.io/controller-uid': uid },
      },
      template: { ...template, metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...own } } },
    },
  };
}
