/** {@code compare training}: whole training steps and predictions, ours and others'. */
package dev.azulejo.compare.training;
