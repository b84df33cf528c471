/** What a build says of itself (scripts/assembly.mjs): the columns of a tile of a matmul, 8 or 16. */
declare const TILE_COLUMNS: i32;
