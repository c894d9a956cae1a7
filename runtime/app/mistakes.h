/* Answers that are not the label, and labels that are probably not right. */
#ifndef FTMRT_APP_MISTAKES_H
#define FTMRT_APP_MISTAKES_H

#include "evaluate.h"

/* Of each sample the class that its label probably should have been, NO_CLASS: its own is believed; returns how many are not. By confident
 * learning (C. Northcutt, L. Jiang, I. Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels, JAIR 70, 2021): a class's
 * threshold is the mean of its probability over the samples with that label; a sample counts as the likeliest of the classes whose
 * threshold it reaches. It takes answers to samples that were not learnt. likely: [m->count]. */
int64_t likely_labels(const struct metrics *m, int32_t *likely);

/* Writes a table of the samples whose answer is not the label, or whose label is probably not right: those first where another class is
 * ahead of the label by most. false after a message. */
bool mistakes_write(const char *path, const struct session *s, const struct metrics *m,
                    const struct subset *samples);

#endif
