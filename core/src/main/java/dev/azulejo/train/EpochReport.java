package dev.azulejo.train;

/**
 * One finished epoch.
 *
 * @param epoch from 1
 * @param epochs epochs of the run
 * @param trainLoss mean loss of the epoch's mini-batches, each before its update
 * @param trainAccuracy fraction of the epoch's samples predicted right, each before its update
 * @param validationLoss mean loss on the validation set after the epoch; NaN without one
 * @param validationAccuracy accuracy on the validation set after the epoch; NaN without one
 * @param learningRate of the epoch's last step
 * @param seconds what the epoch took without validation; after a resume, since then
 * @param samples trained on in this epoch
 */
public record EpochReport(
    int epoch,
    int epochs,
    double trainLoss,
    double trainAccuracy,
    double validationLoss,
    double validationAccuracy,
    float learningRate,
    double seconds,
    long samples) {}
