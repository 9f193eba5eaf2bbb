/**
 * Training: {@link dev.azulejo.train.Trainer} runs mini-batch gradient descent (row T5) with a
 * {@link dev.azulejo.train.Loss}, an {@link dev.azulejo.train.Optimizer} and a {@link
 * dev.azulejo.train.LearningRateSchedule}, on one or several workers (row T13), and tells {@link
 * dev.azulejo.train.TrainingListener}s how it goes.
 */
package dev.azulejo.train;
