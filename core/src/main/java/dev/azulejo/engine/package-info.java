/**
 * Who computes convolutions and dense layers: an {@link dev.azulejo.engine.Engine}, Azulejo's own
 * or one that another module contributes as an {@link dev.azulejo.engine.EngineProvider}. Layers
 * ask an {@link dev.azulejo.engine.EngineSession} for their plans and know no engine by name.
 */
package dev.azulejo.engine;
