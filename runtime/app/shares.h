/* How sure shares of right samples are: intervals, by the scores that they have in the normal approximation. */
#ifndef FTMRT_APP_SHARES_H
#define FTMRT_APP_SHARES_H

#include <stdint.h>

struct interval {
    double low, high;
};

/* Pairs of answers to the same samples. */
struct paired {
    int64_t count, both, only_a, only_b, neither;
    int64_t left_out; /* samples of a that b does not have, or has with another label */
};

/* How many standard deviations of a normal distribution from its mean leave `outside` of it on both sides together: 1.96 for 0.05.
 * outside: above 0, below 1. */
double share_deviations(double outside);

/* The shares of which `right` out of `count` is at most z standard deviations away (E. B. Wilson, Probable Inference, the Law of
 * Succession, and Statistical Inference, 1927); 0 to 1 where nothing was counted. */
struct interval share_interval(int64_t right, int64_t count, double z);

/* The same with 1.96 standard deviations: 95 % of the times that such samples are drawn it has the share of all. */
struct interval share_interval_95(int64_t right, int64_t count);

/* The share that a has right minus that of b, likewise: the intervals of both, and how their answers go together (R. G. Newcombe, Improved
 * Confidence Intervals for the Difference between Binomial Proportions Based on Paired Data, 1998, method 10); -1 to 1 without pairs. */
struct interval paired_interval(const struct paired *p, double z);

/* The probability that two equally good runs differ by as much on the samples where just one is right: McNemar's exact test, two-sided
 * (Q. McNemar, Note on the sampling error of the difference between correlated proportions, 1947). */
double paired_probability(const struct paired *p);

#endif
