class NatProbe < Formula
  desc "@DESCRIPTION@"
  homepage "@REPOSITORY@"
  url "@REPOSITORY@/archive/refs/tags/v@VERSION@.tar.gz"
  # sha256: `brew fetch` tells it when the tag exists
  license any_of: ["MIT", "Apache-2.0"]
  head "@REPOSITORY@.git", branch: "main"

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    system bin/"nat-probe", "man", buildpath/"pages"
    man1.install Dir[buildpath/"pages/*.1"]
    generate_completions_from_executable(bin/"nat-probe", "completions")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/nat-probe --version")
    assert_match "endpoint-independent", shell_output("#{bin}/nat-probe classify --simulate home-router --json")
  end
end
