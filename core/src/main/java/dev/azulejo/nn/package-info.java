/**
 * Layers and networks.
 *
 * <p>A description ({@link dev.azulejo.nn.NetworkSpec}: an input and a list of immutable {@link
 * dev.azulejo.nn.Layer}s, written by {@link dev.azulejo.nn.NetworkBuilder} or as text) is apart
 * from its weights ({@link dev.azulejo.nn.Network}: one buffer, shared and read-only during
 * inference) and from the plans that run it ({@link dev.azulejo.nn.InferencePlan}, {@link
 * dev.azulejo.nn.TrainingPlan}: activations and workspace of one stream).
 */
package dev.azulejo.nn;
