// One index for grids that fold to y beyond 65,535 workgroups.

// Number of the invocation in a grid of workgroups of 64.
fn flatIndex(id: vec3<u32>, groups: vec3<u32>) -> u32 {
  return id.x + id.y * groups.x * 64u;
}

// Number of the workgroup.
fn flatGroup(group: vec3<u32>, groups: vec3<u32>) -> u32 {
  return group.x + group.y * groups.x;
}
